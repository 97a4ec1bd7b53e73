//! What a commit and a search cost with a million messages. No assertion is about time; run it with
//! `cargo test --release -p chat-server -- --ignored --nocapture --test-threads 1 a_million`.

use std::time::{Duration, Instant};

use chat_protocol::search::Query;

use super::*;

const MESSAGES: usize = 1_000_000;
const ROOMS: u64 = 500;

/// Pseudo-random, and the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// The smaller ones more often: about as words and rooms are.
    fn skewed(&mut self, sides: u64) -> u64 {
        let bound = self.throw(sides) + 1;
        let bound = self.throw(bound) + 1;
        self.throw(bound)
    }

    /// Fourteen words of 20,000, and `tea` in every tenth text: about 83 bytes.
    fn text(&mut self) -> String {
        let words: Vec<String> = (0..14).map(|_| format!("w{}", self.skewed(20_000))).collect();
        let tea = if self.throw(10) == 0 { " tea" } else { "" };
        words.join(" ") + tea
    }
}

/// What a commit has to write for the index to come behind it.
#[derive(Clone, Copy, Debug)]
enum Mark {
    None,
    Number,
    Queue,
}

fn database(path: &Path, mark: Mark) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(path).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(include_str!("../schema/001_rooms_and_messages.sql")).unwrap();
    match mark {
        Mark::None => {}
        Mark::Number => {
            database.execute_batch(include_str!("../schema/003_search.sql")).unwrap();
        }
        Mark::Queue => {
            let table = "CREATE TABLE queue (number INTEGER PRIMARY KEY, id INTEGER NOT NULL)";
            database.execute_batch(table).unwrap();
        }
    }
    database
}

fn commit(
    database: &mut rusqlite::Connection,
    mark: Mark,
    dice: &mut Dice,
    at: &mut u64,
    n: u64,
) -> Duration {
    let texts: Vec<(u64, String)> = (0..n).map(|_| (dice.skewed(ROOMS), dice.text())).collect();
    let begin = Instant::now();
    let transaction = database.transaction().unwrap();
    for (room, text) in texts {
        *at += 1;
        let columns = if matches!(mark, Mark::Number) { (", number", ", ?2") } else { ("", "") };
        let sql = format!(
            "INSERT INTO messages (id, time_ms, author, name, kind, key, body{})
             VALUES (?1, ?2, ?3, 'ana', 0, NULL, ?4{})
             ON CONFLICT (author, key) WHERE key IS NOT NULL DO NOTHING",
            columns.0, columns.1
        );
        let id = (room + 1) << 40 | *at;
        let author = *ana().0.as_bytes();
        transaction.prepare_cached(&sql).unwrap().execute((id, *at, author, text)).unwrap();
        if matches!(mark, Mark::Queue) {
            let sql = "INSERT INTO queue (id) VALUES (?1)";
            transaction.prepare_cached(sql).unwrap().execute([id]).unwrap();
        }
    }
    transaction.commit().unwrap();
    begin.elapsed()
}

/// What the indexer does to a queue. Its share of the index itself is not counted.
fn empty(database: &mut rusqlite::Connection, mark: Mark, at: u64) {
    if matches!(mark, Mark::Queue) {
        let sql = "DELETE FROM queue WHERE number <= ?1";
        database.prepare_cached(sql).unwrap().execute([at]).unwrap();
    }
}

fn say(what: &str, mut times: Vec<Duration>, messages: u64) {
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64();
    let rate = messages as f64 / total.as_secs_f64();
    println!("{what:<34} p50 {:8.3} ms  p99 {:8.3} ms  {rate:9.0}/s", at(50) * 1e3, at(99) * 1e3);
}

#[test]
#[ignore = "takes minutes, and says what it measured"]
fn commits_to_a_million_messages() {
    let directory = tempfile::tempdir().unwrap();
    let marks = [Mark::None, Mark::Number, Mark::Queue];
    let mut all: Vec<_> = marks
        .map(|mark| {
            let path = directory.path().join(format!("{mark:?}"));
            let (mut dice, mut at) = (Dice(88_172_645_463_325_252), 0);
            let mut database = database(&path, mark);
            database.pragma_update(None, "synchronous", "OFF").unwrap();
            for _ in 0..MESSAGES / 10_000 {
                commit(&mut database, mark, &mut dice, &mut at, 10_000);
                empty(&mut database, mark, at);
            }
            database.pragma_update(None, "synchronous", "FULL").unwrap();
            (mark, database, dice, at)
        })
        .into();
    for (batch, rounds) in [(1, 3_000), (10, 2_000), (100, 600), (1_000, 150)] {
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            for ((mark, database, dice, at), times) in all.iter_mut().zip(&mut times) {
                times.push(commit(database, *mark, dice, at, batch));
                if *at % 512 < batch {
                    empty(database, *mark, *at);
                }
            }
        }
        for (mark, times) in marks.iter().zip(times) {
            say(&format!("commit of {batch}, mark: {mark:?}"), times, batch * rounds);
        }
    }
}

/// The journal itself: a burst, the index behind it, then searches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes, and says what it measured"]
async fn searches_in_a_million_messages() {
    let directory = tempfile::tempdir().unwrap();
    let settings = JournalSettings {
        directory: directory.path().to_owned(),
        sync: Sync::Always,
        retention: Retention::default().into(),
        rooms_max: ROOMS,
        clock: || {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            Timestamp(u64::try_from(since.unwrap().as_millis()).unwrap())
        },
    };
    let journal = Journal::open(&settings).unwrap();
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        let key = RoomKey::Named(RoomName::parse(&format!("room{n}")).unwrap());
        rooms.push(journal.open_room(key).await.unwrap().unwrap().id);
    }
    burst(&journal, &rooms).await;
    let bytes = std::fs::metadata(directory.path().join("journal.sqlite")).unwrap().len();
    println!("{} bytes a message on disk", bytes / u64::try_from(MESSAGES).unwrap());
    let everywhere = || Scope::Readable { direct: vec![RoomId(7_000)] };
    let small = || Scope::Room(rooms[100]);
    for (what, query, scope) in [
        ("a word in most messages", "w0", everywhere()),
        ("a word in every tenth", "tea", everywhere()),
        ("a rare word", "w9000", everywhere()),
        ("just said", "xyzzy", everywhere()),
        ("two words", "tea w19", everywhere()),
        ("a phrase", "\"w3 w1\"", everywhere()),
        ("a beginning, w12*", "w12*", everywhere()),
        ("a beginning, w1234*", "w1234*", everywhere()),
        ("a beginning, te*", "te*", everywhere()),
        ("without", "tea -w0 -w1", everywhere()),
        ("a common word, small room", "w0", small()),
        ("every tenth, small room", "tea", small()),
        ("w12*, small room", "w12*", small()),
    ] {
        measure(&journal, what, &of(query, scope)).await;
    }
    let now = (settings.clock)();
    let hour = Search { after: Some(Timestamp(now.0 - 3_600_000)), ..of("tea", everywhere()) };
    measure(&journal, "since an hour ago", &hour).await;
    let early = Search { before: Some(Timestamp(1)), ..of("w0", everywhere()) };
    measure(&journal, "before all (10,000 looked at)", &early).await;
    let nobody = Search { from: UserName::parse("bob").ok(), ..of("w0", everywhere()) };
    measure(&journal, "of somebody who is silent", &nobody).await;
    let mut times = Vec::new();
    for n in 0..200 {
        let begin = Instant::now();
        let before = Some(Sequence(n * 10 + 200));
        journal.page(rooms[0], Range::Before { after: Sequence(0), before }, 100).await.unwrap();
        times.push(begin.elapsed());
    }
    say("a page of 100", times, 200);
}

/// A million messages as fast as they are taken, then as many as the writer leaves to searches.
async fn burst(journal: &Journal, rooms: &[RoomId]) {
    let (mut dice, mut times) = (Dice(88_172_645_463_325_252), Vec::new());
    let mut behind_most = 0;
    for n in 0..MESSAGES / 1_000 {
        let receipts = Receipts::default();
        let batch = (0..1_000).map(|_| said(&receipts, &dice.text(), None)).collect();
        let room = rooms[usize::try_from(dice.skewed(ROOMS)).unwrap()];
        let begin = Instant::now();
        journal.append(room, batch).await.unwrap();
        times.push(begin.elapsed());
        if n % 10 == 0 {
            behind_most = behind_most.max(journal.unindexed().await);
        }
    }
    let quarter = times.split_off(times.len() / 4);
    say("burst of 1000s, first quarter", times, u64::try_from(MESSAGES).unwrap() / 4);
    say("burst of 1000s, the rest", quarter, u64::try_from(MESSAGES).unwrap() * 3 / 4);
    let (begin, left) = (Instant::now(), journal.unindexed().await);
    while journal.unindexed().await >= crate::limits::INDEX_DUE_MESSAGES {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("behind at most {behind_most}; the last {left} were indexed in {seconds:.1} s");
    let receipts = Receipts::default();
    // As many as the writer leaves to searches.
    let left = crate::limits::INDEX_DUE_MESSAGES - 2 - journal.unindexed().await;
    let tail = (0..left).map(|_| said(&receipts, &dice.text(), None)).collect();
    journal.append(rooms[0], tail).await.unwrap();
    journal.append(rooms[1], vec![said(&receipts, "just now xyzzy", None)]).await.unwrap();
    println!("{} are not indexed", journal.unindexed().await);
}

fn of(query: &str, scope: Scope) -> Search {
    let query = Query::parse(query).unwrap();
    let reader = Reader::default();
    Search {
        query,
        scope,
        reader,
        from: None,
        after: None,
        before: None,
        cursor: None,
        limit: 50,
        whole: false,
    }
}

async fn measure(journal: &Journal, what: &str, search: &Search) {
    let (mut times, mut hits) = (Vec::new(), 0);
    for _ in 0..50 {
        let begin = Instant::now();
        hits = journal.search(search.clone()).await.unwrap().hits.len();
        times.push(begin.elapsed());
    }
    say(&format!("{what} ({hits})"), times, 50);
}
