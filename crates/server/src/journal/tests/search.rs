//! Searching: what is found, for whom, and that the index and what is not in it yet say the same.

use chat_protocol::search::Query;

use super::*;
use crate::limits::{INDEX_DUE_MESSAGES, SEARCH_SCANNED_MAX, SEARCH_TAIL_MESSAGES_MAX};

/// A journal with a lobby, ops and the talk of ana with maya.
pub(super) struct Talk {
    pub(super) directory: tempfile::TempDir,
    pub(super) journal: Journal,
    pub(super) receipts: Receipts,
    pub(super) lobby: RoomId,
    ops: RoomId,
    pub(super) direct: RoomId,
}

fn maya() -> Identity {
    Identity(Uuid::from_u128(2))
}

impl Talk {
    async fn begin() -> Self {
        Self::keeping(Retention::default()).await
    }

    pub(super) async fn keeping(retention: Retention) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let journal = open_keeping(directory.path(), noon, retention).unwrap();
        let room = async |key| journal.open_room(key).await.unwrap().unwrap().id;
        let ops = room(RoomKey::Named(RoomName::parse("ops").unwrap())).await;
        let (lobby, direct) = (room(lobby()).await, room(RoomKey::direct(ana(), maya())).await);
        let receipts = Receipts::default();
        Self { directory, journal, receipts, lobby, ops, direct }
    }

    pub(super) async fn say(&self, room: RoomId, text: &str) {
        self.say_as(room, "ana", text).await;
    }

    async fn say_as(&self, room: RoomId, name: &str, text: &str) {
        let mut record = said(&self.receipts, text, None);
        record.name = UserName::parse(name).unwrap();
        self.journal.append(room, vec![record]).await.unwrap();
    }

    /// So many messages that the index is written, and then until it has them.
    pub(super) async fn fill(&self) {
        let count = usize::try_from(INDEX_DUE_MESSAGES).unwrap();
        let batch = (0..count).map(|n| said(&self.receipts, &format!("filler {n}"), None));
        self.journal.append(self.lobby, batch.collect()).await.unwrap();
        while self.journal.unindexed().await >= INDEX_DUE_MESSAGES {
            tokio::task::yield_now().await;
        }
    }

    fn everywhere(&self) -> Scope {
        Scope::Readable { direct: vec![self.direct] }
    }

    async fn find(&self, search: Search) -> Found {
        self.journal.search(search).await.unwrap()
    }

    /// The texts that are found everywhere, what was found between stars.
    pub(super) async fn texts(&self, query: &str) -> Vec<String> {
        shown(&self.find(search(query, self.everywhere())).await)
    }
}

fn search(query: &str, scope: Scope) -> Search {
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

fn shown(found: &Found) -> Vec<String> {
    let part = |part: &chat_protocol::search::SnippetPart| {
        if part.hit { format!("*{}*", part.text) } else { part.text.to_string() }
    };
    found.hits.iter().map(|hit| hit.snippet.iter().map(part).collect()).collect()
}

/// Checks what is found before it is indexed, and that it is the same behind.
async fn check(said: &[&str], expected: &[(&str, &[&str])]) {
    let talk = Talk::begin().await;
    for text in said {
        talk.say(talk.ops, text).await;
    }
    assert_eq!(talk.journal.unindexed().await, i64::try_from(said.len()).unwrap());
    for (query, hits) in expected {
        assert_eq!(talk.texts(query).await, *hits, "not indexed: {query}");
    }
    talk.fill().await;
    // What is left is of the filling.
    assert!(talk.journal.unindexed().await < INDEX_DUE_MESSAGES);
    for (query, hits) in expected {
        assert_eq!(talk.texts(query).await, *hits, "indexed: {query}");
    }
}

#[tokio::test]
async fn words_phrases_beginnings_and_what_is_not_there() {
    check(
        &["The deploy of web-3 failed", "deploy again", "redeploy, of course", "Deployed: web 4"],
        &[
            ("deploy", &["*deploy* again", "The *deploy* of web-3 failed"]),
            ("DEPLOY*", &["*Deployed*: web 4", "*deploy* again", "The *deploy* of web-3 failed"]),
            ("deploy -again", &["The *deploy* of web-3 failed"]),
            ("\"deploy of\"", &["The *deploy of* web-3 failed"]),
            ("\"of deploy\"", &[]),
            ("failed deploy", &["The *deploy* of web-3 *failed*"]),
            ("web-3", &["The deploy of *web-3* failed"]),
            ("\"deploy ag\"*", &["*deploy again*"]),
            ("web -\"web 4\" -again", &["The deploy of *web*-3 failed"]),
            // What the index's own language would take for something else.
            ("deploy OR again", &[]),
            ("room:r1", &[]),
            ("named", &[]),
            ("NEAR(deploy", &[]),
        ],
    )
    .await;
}

#[tokio::test]
async fn words_of_any_script_are_found() {
    check(
        &[
            "Ein Käse für Łódź",
            "Привет, МИР",
            "שלום עולם",
            "मैं हिन्दी बोलता हूँ",
            "日本語 を話します",
            "กาแฟ ดำ",
            "caf\u{65}\u{301} noir",
            "Ünïcödé 🎉 party",
        ],
        &[
            ("kase", &["Ein *Käse* für Łódź"]),
            ("мир", &["Привет, *МИР*"]),
            ("שלום", &["*שלום* עולם"]),
            ("हिन्दी", &["मैं *हिन्दी* बोलता हूँ"]),
            ("日本語", &["*日本語* を話します"]),
            ("日本*", &["*日本語* を話します"]),
            ("本語", &[]),
            ("กาแฟ", &["*กาแฟ* ดำ"]),
            ("café", &["*caf\u{65}\u{301}* noir"]),
            ("unicode", &["*Ünïcödé* 🎉 party"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_direct_room_is_found_by_those_who_are_in_it_alone() {
    let talk = Talk::begin().await;
    for _ in 0..2 {
        talk.say(talk.direct, "the secret word").await;
        talk.say(talk.ops, "no secret").await;
        talk.say(talk.lobby, "a secret r3 named").await;
        let rooms = async |scope: Scope| -> Vec<RoomId> {
            let found = talk.find(search("secret", scope)).await;
            found.hits.iter().map(|hit| hit.room).collect()
        };
        let stranger = rooms(Scope::Readable { direct: Vec::new() }).await;
        assert!(stranger.len() > 1 && !stranger.contains(&talk.direct));
        assert!(rooms(talk.everywhere()).await.contains(&talk.direct));
        let ops = rooms(Scope::Room(talk.ops)).await;
        assert!(!ops.is_empty() && ops.iter().all(|room| *room == talk.ops));
        talk.fill().await;
    }
    // Neither the room's word nor a name leads out of what one may read.
    for query in ["word", "\"r3\" word", "secret* word"] {
        let found = talk.find(search(query, Scope::Readable { direct: Vec::new() })).await;
        assert!(found.hits.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn hits_are_narrowed_by_author_and_by_time() {
    let talk = Talk::begin().await;
    for _ in 0..2 {
        for name in ["ana", "Maya", "maya-2", "_"] {
            talk.say_as(talk.ops, name, "tea").await;
        }
        let of = async |name: &str| {
            let from = UserName::parse(name).ok();
            talk.find(Search { from, ..search("tea", talk.everywhere()) }).await.hits
        };
        for (name, said) in [("MAYA", "Maya"), ("maya-2", "maya-2"), ("_", "_")] {
            let hits = of(name).await;
            assert!(!hits.is_empty() && hits.iter().all(|hit| hit.from.as_str() == said), "{name}");
        }
        assert!(of("bob").await.is_empty());
        let within = async |after: Option<u64>, before: Option<u64>| {
            let (after, before) = (after.map(Timestamp), before.map(Timestamp));
            let search = Search { after, before, ..search("tea", talk.everywhere()) };
            talk.find(search).await.hits.len()
        };
        let (noon, all) = (noon().0, within(None, None).await);
        assert_eq!(within(Some(noon), Some(noon + 1)).await, all);
        assert_eq!(within(Some(noon + 1), None).await, 0);
        assert_eq!(within(None, Some(noon)).await, 0);
        talk.fill().await;
    }
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_also_while_the_index_grows() {
    let talk = Talk::begin().await;
    let mut expected = Vec::new();
    for n in 0..23 {
        talk.say(if n % 3 == 0 { talk.ops } else { talk.lobby }, &format!("tea {n}")).await;
        expected.insert(0, format!("*tea* {n}"));
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let search = Search { cursor, limit: 5, ..search("tea", talk.everywhere()) };
        let page = talk.find(search).await;
        assert!(page.hits.len() <= 5);
        found.extend(shown(&page));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        talk.fill().await; // the second page and the later ones are indexed
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_search_is_bounded_and_says_so() {
    let talk = Talk::begin().await;
    let many = usize::try_from(SEARCH_SCANNED_MAX).unwrap() + 10;
    talk.say_as(talk.ops, "maya", "tea first").await;
    talk.fill().await;
    let batch = (0..many).map(|n| said(&talk.receipts, &format!("tea {n}"), None)).collect();
    talk.journal.append(talk.ops, batch).await.unwrap();
    // Right behind the burst: the newest are found, and the rest is counted.
    let found = talk.find(search("tea", talk.everywhere())).await;
    assert_eq!(shown(&found)[0], format!("*tea* {}", many - 1));
    let unindexed = talk.journal.unindexed().await.unsigned_abs();
    let tail = SEARCH_TAIL_MESSAGES_MAX.unsigned_abs();
    assert!(found.unsearched + tail >= unindexed, "{} {unindexed}", found.unsearched);
    talk.fill().await;
    let from = UserName::parse("maya").ok();
    // Maya's word is found by her name, without looking at all the others.
    let of_maya = Search { from, ..search("tea", talk.everywhere()) };
    assert_eq!(shown(&talk.find(of_maya).await), ["*tea* first"]);
    // A time has no such word: the page ends without a hit, and the next one goes on.
    let never = Search { before: Some(Timestamp(1)), ..search("tea", talk.everywhere()) };
    let page = talk.find(never.clone()).await;
    assert!(page.hits.is_empty());
    let page = talk.find(Search { cursor: page.next, ..never }).await;
    assert_eq!((page.hits.len(), page.next), (0, None));
}

#[tokio::test]
async fn the_index_goes_on_where_it_was_and_an_older_journal_is_indexed() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let batch = |from: i64| {
        (from..from + INDEX_DUE_MESSAGES).map(|n| said(&receipts, &format!("tea n{n}"), None))
    };
    journal.append(room, batch(0).collect()).await.unwrap();
    journal.stop().await;
    drop(journal);
    // As the version before this one had it.
    let database = rusqlite::Connection::open(directory.path().join("journal.sqlite")).unwrap();
    database
        .execute_batch(
            "DROP TABLE search; DROP VIEW searchable; DROP INDEX messages_by_number;
             DROP TABLE search_mark; DROP TABLE search_marks; DROP TABLE spent_keys;
             DROP TABLE metadata; DROP TABLE accounts; DROP TABLE account_tokens; DROP TABLE account_rooms;
             DROP TABLE account_shunned; DROP TABLE account_scram; DROP TABLE secrets;
             DROP TABLE account_certificates; DROP TABLE audit; DROP INDEX guests_by_identity;
             ALTER TABLE guests DROP COLUMN access;
             DROP TABLE address_bans; DROP TABLE room_users;
             ALTER TABLE rooms DROP COLUMN settings;
             ALTER TABLE rooms DROP COLUMN secret; ALTER TABLE rooms DROP COLUMN visibility;
             ALTER TABLE rooms DROP COLUMN keep_age_ms; ALTER TABLE rooms DROP COLUMN keep_events;
             ALTER TABLE rooms DROP COLUMN created_ms; ALTER TABLE rooms DROP COLUMN topic_by;
             ALTER TABLE rooms DROP COLUMN topic_ms; ALTER TABLE rooms DROP COLUMN first_seq;
             ALTER TABLE messages DROP COLUMN number;
             ALTER TABLE messages DROP COLUMN reply_to; PRAGMA user_version = 2;",
        )
        .unwrap();
    drop(database);
    for _ in 0..2 {
        let journal = open(directory.path(), noon).unwrap();
        journal.open_room(lobby()).await.unwrap().unwrap();
        let everywhere = || Scope::Readable { direct: Vec::new() };
        let found = journal.search(search("n0", everywhere())).await.unwrap();
        assert_eq!(shown(&found), ["tea *n0*"]);
        journal.append(room, vec![said(&receipts, "just now", None)]).await.unwrap();
        while journal.unindexed().await >= INDEX_DUE_MESSAGES {
            tokio::task::yield_now().await;
        }
        let found = journal.search(search("\"just now\"", everywhere())).await.unwrap();
        assert_eq!(found.hits.first().map(|hit| hit.time), Some(noon()));
        assert!(found.hits.len() < 3);
        journal.stop().await;
    }
}

#[tokio::test]
async fn a_page_is_around_a_sequence_and_a_time_is_a_sequence() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NOW: AtomicU64 = AtomicU64::new(0);
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), || Timestamp(NOW.load(Ordering::SeqCst))).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let receipts = Receipts::default();
    for n in 1..=10 {
        NOW.store(n / 2 * 100, Ordering::SeqCst); // 0 100 100 200 200 300 300 400 400 500
        journal.append(room, vec![said(&receipts, "tea", None)]).await.unwrap();
    }
    for (time, sequence) in [(0, 1), (1, 2), (100, 2), (101, 4), (400, 8), (500, 10), (501, 11)] {
        let found = journal.sequence_at(room, Timestamp(time)).await.unwrap();
        assert_eq!(found, Sequence(sequence), "{time}");
    }
    assert_eq!(journal.sequence_at(RoomId(99), Timestamp(7)).await.unwrap(), Sequence(1));
    for (around, limit, expected, more) in
        [(5, 4, 3..=6, true), (1, 4, 1..=2, true), (10, 3, 9..=10, true), (5, 100, 1..=10, false)]
    {
        let range = Range::Around { around: Sequence(around) };
        let page = journal.page(room, range, limit).await.unwrap();
        let found: Vec<u64> = page.entries.iter().map(|entry| entry.sequence.0).collect();
        assert_eq!((found, page.more), (expected.collect(), more), "{around} {limit}");
    }
}
