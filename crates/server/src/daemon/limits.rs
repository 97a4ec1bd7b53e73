//! From `[limits]` to what sessions, listeners and accounts are limited by.

use crate::account::FreeTries;
use crate::config::{Config, LimitsConfig};
use crate::listener::AddressLimits;
use crate::rate::{Rate, RateLimits, Rates};
use crate::session::SessionLimits;

pub(super) fn session_limits(config: &Config) -> SessionLimits {
    let limits = &config.limits;
    SessionLimits {
        handshake: limits.handshake,
        login: limits.login,
        write_stall: limits.write_stall,
        rates: rates(limits),
        flood_refused: limits.flood_refused,
        flood_closed: limits.flood_closed,
    }
}

/// How fast a session may be.
fn rates(limits: &LimitsConfig) -> RateLimits {
    if !limits.enabled {
        return RateLimits::default();
    }
    let second = |count: Option<u64>| count.map(Rate::per_second);
    let hour = |count: Option<u64>| count.map(Rate::per_hour);
    RateLimits {
        own: Rates {
            messages: second(limits.messages_per_second),
            queries: second(limits.queries_per_second),
            commands: second(limits.commands_per_second),
            rooms: hour(limits.rooms_per_hour),
        },
        address: Rates {
            messages: second(limits.messages_per_second_per_address),
            queries: second(limits.queries_per_second_per_address),
            commands: second(limits.commands_per_second_per_address),
            rooms: hour(limits.rooms_per_hour_per_address),
        },
    }
}

/// How often a password may be wrong.
pub(super) fn free_tries(config: &Config) -> FreeTries {
    let limits = &config.limits;
    let if_enabled = |count: Option<u64>| count.filter(|_| limits.enabled);
    FreeTries {
        account: if_enabled(limits.login_attempts),
        address: if_enabled(limits.login_attempts_per_address),
        registration: if_enabled(limits.registrations_per_address),
    }
}

pub(super) fn address_limits(config: &Config) -> AddressLimits {
    let limits = &config.limits;
    AddressLimits {
        enabled: limits.enabled,
        connections: limits.connections_per_address,
        handshakes: limits.handshakes_per_address,
        exempt: limits.exempt,
    }
}
