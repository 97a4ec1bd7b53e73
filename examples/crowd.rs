//! A crowd in some rooms, all talking: does everybody hear everything, once and in order, and what
//! does it cost the server?
//!
//! ```sh
//! chat-server --data /tmp/crowd --listen auto://127.0.0.1:5005 &
//! cargo run --release -p samovar-examples --bin crowd -- --pid $!
//! ```

#![expect(clippy::wildcard_enum_match_arm, reason = "a program cares for some events only")]

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use chat_protocol::frame::{decode_event, encode_hello, encode_request, server_frames};
use chat_protocol::{
    Command, Event, Hello, MessageKey, MessageText, Request, RequestId, RoomAddress, SayKind,
    Sequence,
};
use clap::Parser;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};
use uuid::Uuid;

/// Clock ticks of /proc/PID/stat (`getconf CLK_TCK`, 100 on Linux).
const TICKS_PER_SECOND: u64 = 100;
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, Parser)]
#[command(about = "Fills some rooms with people who all talk, and counts what everybody hears")]
struct Options {
    /// Where the server is
    #[arg(long, default_value = "127.0.0.1:5005")]
    server: String,
    /// The server's process, to say what it cost
    #[arg(long)]
    pid: Option<u32>,
    /// How many rooms
    #[arg(long, default_value_t = 10)]
    rooms: usize,
    /// How many people in each
    #[arg(long, default_value_t = 100)]
    members: usize,
    /// How many messages each of them says
    #[arg(long, default_value_t = 10)]
    messages: usize,
}

/// What the server has used so far.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    cpu: Duration,
    rss_kib: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    rlimit::increase_nofile_limit(1 << 20)?;
    let people = options.rooms * options.members;
    let before = cost(options.pid)?;
    let ready = Arc::new(Barrier::new(people + 1));
    let go = Arc::new(Barrier::new(people + 1));
    let mut crowd = JoinSet::new();
    for number in 0..people {
        let (options, ready, go) = (options.clone(), Arc::clone(&ready), Arc::clone(&go));
        crowd.spawn(async move { person(&options, number, &ready, &go).await });
    }
    let began = Instant::now();
    tokio::select! {
        _ = ready.wait() => {}
        Some(early) = crowd.join_next() => { early??; bail!("somebody left early") }
    }
    let arrived = began.elapsed();
    let idle = cost(options.pid)?;
    go.wait().await;
    let began = Instant::now();
    let mut deliveries = 0;
    while let Some(heard) = tokio::time::timeout(PATIENCE, crowd.join_next()).await? {
        deliveries += heard??;
    }
    let talked = began.elapsed();
    let after = cost(options.pid)?;
    let expected = people * options.messages * options.members;
    ensure!(deliveries == expected, "{deliveries} deliveries instead of {expected}");
    report(&options, people, deliveries, (arrived, talked), (before, idle, after))
}

/// Comes in, waits for the others, says its part, and hears everybody's.
async fn person(
    options: &Options,
    number: usize,
    ready: &Barrier,
    go: &Barrier,
) -> anyhow::Result<usize> {
    let room = RoomAddress::parse(&format!("crowd-{}", number % options.rooms))?;
    let stream = TcpStream::connect(&options.server).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (reading, mut writing) = stream.into_split();
    let mut events = FramedRead::new(reading, server_frames());
    let mut hello = BytesMut::new();
    let name = Some(format!("p{number}-{}", std::process::id()));
    encode_hello(&Hello { v: 1, name, ..Hello::default() }, &mut hello);
    let join = Command::Join { room: room.clone(), key: None };
    encode_request(&Request { id: None, command: join }, &mut hello);
    writing.write_all(&hello).await?;
    let start = entered(&mut events).await?;
    ready.wait().await;
    go.wait().await;
    let all = options.messages * options.members;
    let (said, heard) = tokio::join!(
        talk(&mut writing, &room, options.messages),
        listen(&mut events, start, all, options.messages)
    );
    said?;
    heard?;
    Ok(all)
}

async fn entered(
    events: &mut FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
) -> anyhow::Result<Sequence> {
    while let Some(frame) = events.next().await {
        match decode_event(&frame?)? {
            Event::Entered { seq, .. } => return Ok(seq),
            Event::Refused { text, .. } => bail!("refused: {text}"),
            _ => {}
        }
    }
    bail!("the server hung up")
}

async fn talk(
    writing: &mut OwnedWriteHalf,
    room: &RoomAddress,
    messages: usize,
) -> anyhow::Result<()> {
    for id in 0..messages {
        let text = "sixty-four bytes of text, as people would say, more or less";
        let (text, key) = (MessageText::parse(text)?, MessageKey(Uuid::new_v4()));
        let command = Command::say(room.clone(), text, SayKind::Text, Some(key));
        let mut frame = BytesMut::new();
        let id = Some(RequestId(u64::try_from(id)?));
        encode_request(&Request { id, command }, &mut frame);
        writing.write_all(&frame).await?;
    }
    Ok(())
}

/// Every message of the room once, in order, and an acknowledgement of each of one's own.
async fn listen(
    events: &mut FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    start: Sequence,
    messages: usize,
    own: usize,
) -> anyhow::Result<()> {
    let (mut last, mut heard, mut stored) = (start, 0, 0);
    while heard < messages || stored < own {
        let frame = events.next().await.context("the server hung up")??;
        match decode_event(&frame)? {
            Event::Message { seq, .. } => {
                ensure!(seq == last.next(), "{seq} came after {last}");
                last = seq;
                heard += 1;
            }
            Event::Stored { .. } => stored += 1,
            Event::Refused { text, .. } => bail!("refused: {text}"),
            _ => {}
        }
    }
    Ok(())
}

/// What a process has used; nothing without one.
fn cost(pid: Option<u32>) -> anyhow::Result<Cost> {
    let Some(pid) = pid else { return Ok(Cost::default()) };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat")?;
    // Fields 14 and 15 of proc(5), user and system time; the name was the second.
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let rss_kib = rss.split_whitespace().next().context("VmRSS")?.parse()?;
    Ok(Cost { cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND), rss_kib })
}

fn report(
    options: &Options,
    people: usize,
    deliveries: usize,
    (arrived, talked): (Duration, Duration),
    (before, idle, after): (Cost, Cost, Cost),
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let each =
        |total: f64, count: usize| total / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    writeln!(out, "{people} people in {} rooms were in after {arrived:.2?}", options.rooms)?;
    writeln!(out, "{deliveries} deliveries in {talked:.2?}; none lost, none twice, all in order")?;
    if options.pid.is_some() {
        let kib = f64::from(u32::try_from(idle.rss_kib.saturating_sub(before.rss_kib))?);
        writeln!(
            out,
            "server memory: {:.1} KiB a connection (idle, in a room)",
            each(kib, people)
        )?;
        let micros = (after.cpu.saturating_sub(idle.cpu)).as_secs_f64() * 1e6;
        writeln!(out, "server CPU: {:.3} us a delivery", each(micros, deliveries))?;
        writeln!(out, "server memory at the end: {} MiB", after.rss_kib / 1_024)?;
    }
    Ok(())
}
