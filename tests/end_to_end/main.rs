//! Samovar from the outside. One topic a file; each test has a daemon of its own.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "these are tests, also where they stand in functions of their own"
)]

mod accounts;
mod bad_input;
mod bench;
mod bots;
mod certificates;
mod client;
mod config;
mod cost;
mod daemon;
mod damage;
mod direct;
mod exit_codes;
mod gone;
mod grillo;
mod irc;
mod irc_clients;
mod irc_history;
mod irc_modes;
mod irc_rooms;
mod irc_sasl;
mod irc_search;
mod irc_signals;
mod irc_sts;
mod irc_websocket;
mod journal;
mod layers;
mod limits;
mod manual;
mod metadata;
mod moderation;
mod native;
mod netcat;
mod nothing_lost;
mod offline;
mod one_port;
mod pipes;
mod private;
mod resume;
mod rights;
mod rooms;
mod samovar;
mod screen;
mod signals;
mod slow;
mod stuck;
mod talker;
mod telnet;
mod tls;
mod watching;
