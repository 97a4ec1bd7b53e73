//! The journal alone, without rooms, sessions and sockets: what a commit costs, how fast a burst is
//! stored, what a page and a search cost. `cargo bench -p chat-server --bench journal`; a filter
//! behind `--` picks some, `SAMOVAR_BENCH_MESSAGES` says how many messages are there (200,000).

// The daemon is a program and has no library: its journal, which imports nothing but the
// bounds and who may read what, is built into this one.
#[path = "../src/journal/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is measured")]
mod journal;
#[path = "../src/limits.rs"]
#[allow(dead_code, reason = "the journal's are a part of them")]
mod limits;
#[path = "../src/policy/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the journal's are a part of it")]
mod policy;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_protocol::search::Query;
use chat_protocol::{
    Identity, MessageKey, MessageText, RoomAddress, RoomName, SayKind, Sequence, Timestamp,
    UserName,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use journal::{
    Body, Journal, JournalSettings, Parcel, Range, Reader, Receipts, Record, Retention, RoomId,
    RoomKey, Scope, Search, Sync,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// A journal in a directory of its own, and somebody who speaks in it.
struct Bench {
    _directory: tempfile::TempDir,
    runtime: Runtime,
    journal: Journal,
    room: RoomId,
    receipts: Receipts,
    words: u64,
}

impl Bench {
    fn new(sync: Sync) -> Self {
        let directory = tempfile::tempdir().expect("a place for the journal");
        let runtime = Runtime::new().expect("a runtime");
        let settings = JournalSettings {
            directory: directory.path().to_owned(),
            sync,
            retention: Arc::new(Retention::default()),
            rooms_max: 1_000,
            clock: now,
        };
        let inside = runtime.enter();
        let journal = Journal::open(&settings).expect("a new journal");
        let key = RoomKey::Named(RoomName::parse("lobby").expect("a name"));
        let room = runtime.block_on(journal.open_room(key)).expect("open").expect("a number").id;
        let receipts = Receipts::default();
        drop(inside);
        Self {
            _directory: directory,
            runtime,
            journal,
            room,
            receipts,
            words: 88_172_645_463_325_252,
        }
    }

    /// One that has so many messages.
    fn filled(messages: u64) -> Self {
        let mut bench = Self::new(Sync::Os);
        for _ in 0..messages / 1_000 {
            let batch = bench.batch(1_000);
            bench.append(batch);
        }
        bench
    }

    /// Messages of about 83 bytes, of the smaller of 20,000 words more often, with keys.
    fn batch(&mut self, count: u64) -> Vec<Record> {
        (0..count).map(|_| self.record()).collect()
    }

    fn record(&mut self) -> Record {
        let mut text = String::new();
        for _ in 0..14 {
            let bound = self.throw(20_000) + 1;
            let bound = self.throw(bound) + 1;
            text.push_str(&format!("w{} ", self.throw(bound)));
        }
        let key = Some(MessageKey(Uuid::now_v7()));
        let room = RoomAddress::parse("lobby").expect("a name");
        Record {
            author: Identity(Uuid::from_u128(1)),
            name: UserName::parse("ana").expect("a name"),
            is_account: false,
            account_name: None,
            is_bot: false,
            body: Body::Message {
                text: MessageText::parse(&text).expect("a text"),
                kind: SayKind::Text,
                reply_to: None,
            },
            key,
            refusal: None,
            ticket: self.receipts.ticket(None, room, key),
        }
    }

    fn throw(&mut self, sides: u64) -> u64 {
        self.words ^= self.words << 13;
        self.words ^= self.words >> 7;
        self.words ^= self.words << 17;
        self.words % sides
    }

    fn append(&self, batch: Vec<Record>) {
        let parcel = Parcel { records: batch, ..Parcel::default() };
        self.runtime.block_on(self.journal.store(self.room, parcel)).expect("it is stored");
        while self.receipts.take().is_some() {}
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.runtime.block_on(self.journal.stop());
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    Timestamp(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn messages() -> u64 {
    std::env::var("SAMOVAR_BENCH_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000)
}

/// One batch and its fsync.
fn commits(c: &mut Criterion) {
    let mut group = c.benchmark_group("commit");
    for count in [1_u64, 10, 100, 1_000] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            let mut bench = Bench::new(Sync::Always);
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let batch = bench.batch(count);
                    let begin = Instant::now();
                    bench.append(batch);
                    spent += begin.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

/// A burst into one room as its actor gives it, a batch of 1,000 behind the other; the index comes
/// behind. The messages are made beforehand.
fn ingest(c: &mut Criterion) {
    let mut group = c.benchmark_group("ingest");
    let burst = messages();
    group.sample_size(10).throughput(Throughput::Elements(burst));
    group.bench_function(BenchmarkId::from_parameter(burst), |b| {
        b.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let mut bench = Bench::new(Sync::Always);
                let batches: Vec<_> = (0..burst / 1_000).map(|_| bench.batch(1_000)).collect();
                let begin = Instant::now();
                batches.into_iter().for_each(|batch| bench.append(batch));
                spent += begin.elapsed();
            }
            spent
        });
    });
    group.finish();
}

fn reads(c: &mut Criterion) {
    let bench = Bench::filled(messages());
    let mut before = messages();
    c.bench_function("page of 100", |b| {
        b.iter(|| {
            before = if before < 1_000 { messages() } else { before - 777 };
            let range = Range::Before { after: Sequence(0), before: Some(Sequence(before)) };
            black_box(bench.runtime.block_on(bench.journal.page(bench.room, range, 100))).ok();
        });
    });
    for (what, text) in [("in most", "w0"), ("rare", "w9000"), ("two", "w7 w11")] {
        c.bench_function(&format!("search: {what}"), |b| {
            let query = Query::parse(text).expect("a query");
            let scope = Scope::Readable { direct: Vec::new() };
            let (from, after, before, cursor) = (None, None, None, None);
            let reader = Reader::default();
            let search = Search {
                query,
                scope,
                reader,
                from,
                after,
                before,
                cursor,
                limit: 50,
                whole: false,
            };
            b.iter(|| {
                black_box(bench.runtime.block_on(bench.journal.search(search.clone()))).ok();
            });
        });
    }
}

criterion_group!(benches, commits, ingest, reads);
criterion_main!(benches);
