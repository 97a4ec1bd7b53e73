//! The disk fails, or is full.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use samovar_tests::checker::Seen;
use samovar_tests::{Home, Setup, Signal};

use super::crowd::{Crowd, End, history};

/// So many times the disk does as it is told.
const GOOD_SYNCS: u32 = 60;

/// A daemon whose fsync fails, from the n-th of a thread on.
fn failing_from(setup: Setup, n: u32) -> Setup {
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={n}+");
    setup.under(&[
        "strace",
        "--daemonize", // the daemon, not strace, is our child
        "--follow-forks",
        "--seccomp-bpf",
        "--quiet=all",
        "--output=strace.log",
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        &inject,
    ])
}

/// Stored or not, nobody knows: so it is not acknowledged, and the daemon goes.
#[test]
fn what_the_disk_does_not_confirm_is_not_acknowledged() {
    let setup = Setup::new("[log]\nlevel = \"info,chat_server::journal=debug\"\n");
    let mut crowd = Crowd::new(3, 1);
    let mut server = failing_from(setup.clone(), GOOD_SYNCS).start();
    crowd.round(&server, End::Lost, |_| {
        server.wait_for_log("a commit failed; stopping");
    });
    let status = server.finish();
    assert_eq!(status.code(), Some(1), "{status:?}");
    let committed = committed(&server.logs());
    let whole = crowd.whole(Vec::new());
    let acknowledged = whole.count(|seen| matches!(seen, Seen::Ack { .. }));
    assert!(0 < acknowledged && acknowledged <= committed, "{acknowledged} of {committed}");
    assert!(!whole.unknown_for_ever().is_empty(), "what was in flight is unknown");
    // As long as the disk is so, nothing is served; then all goes on.
    let home = server.into_home();
    let refused = failing_from(setup.clone(), 1).run(&home, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(!refused.stderr.contains("listening url="), "{refused:?}");
    let server = setup.start_in(home);
    crowd.round(&server, End::Finished, |_| {});
    let whole = crowd.finish(server, "failing fsync");
    assert_eq!(whole.unknown_for_ever(), [0; 0], "they said it again");
}

/// How many messages the log says were committed.
fn committed(logs: &str) -> usize {
    logs.lines()
        .filter(|line| line.contains("committed"))
        .filter_map(|line| line.split("batch=").nth(1)?.split(' ').next()?.parse::<usize>().ok())
        .sum()
}

/// A disk of a few megabytes. Dropped, it goes.
struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// Three times what SQLite's log has before it is copied: whoever starts again has room for that.
    const BYTES: u32 = 12 << 20;
    /// What is left is full before the log is copied for the first time.
    const BALLAST_BYTES: usize = 9 << 20;

    fn mount(place: PathBuf) -> Self {
        std::fs::create_dir_all(&place).unwrap();
        let options = format!("size={},mode=0700", Self::BYTES);
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "samovar-test"])
            .arg(&place)
            .status()
            .expect("mount is installed");
        assert!(
            mounted.success(),
            "A FULL DISK CANNOT BE TESTED HERE: mounting a tmpfs at {} needs root (CAP_SYS_ADMIN); \
             run this test as root, or in `unshare --user --map-root-user --mount`",
            place.display()
        );
        Self { place }
    }

    /// Read-only (`ro`), or not (`rw`).
    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mut command = Command::new("mount");
        let mounted = command.args(["-o", &options]).arg(&self.place).status().unwrap();
        assert!(mounted.success(), "{options}: {mounted}");
    }

    /// Puts something there that is in the way, at most so large.
    fn fill(&self, name: &str, bytes: usize) {
        let mut file = std::fs::File::create(self.place.join(name)).unwrap();
        let page = [b'x'; 4_096];
        for _ in 0..bytes / page.len() {
            if file.write_all(&page).is_err() {
                return; // full
            }
        }
    }

    fn make_room(&self, name: &str) {
        std::fs::remove_file(self.place.join(name)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.place).status());
    }
}

fn place_in(home: &Home) -> PathBuf {
    Path::join(home.path(), "disk")
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    const REFUSED: u64 = 50;
    let home = Home::new();
    let disk = SmallDisk::mount(place_in(&home));
    disk.fill("ballast", SmallDisk::BALLAST_BYTES);
    let server = Setup::default().data(place_in(&home)).start_in(home);
    let mut crowd = Crowd::new(3, 1);
    crowd.filling = 1_000;
    crowd.round(&server, End::Finished, |log| {
        log.wait_until("refusals", |counts| counts.refused >= REFUSED);
        // Reading goes on.
        let stored = history(server.address());
        assert!(stored.len() > 50, "{}", stored.len());
        server.wait_for_log("the disk is full; refusing to store until there is room");
        disk.make_room("ballast");
        log.wait_for_acknowledgements(REFUSED);
    });
    // Killed while it is full: what was refused does not rise from the log.
    crowd.round(&server, End::Lost, |log| {
        disk.fill("more ballast", usize::MAX);
        log.wait_until("refusals", |counts| counts.refused >= REFUSED);
        server.signal(Signal::KILL);
    });
    disk.make_room("more ballast");
    let server = server.restart(Signal::KILL);
    crowd.round(&server, End::Finished, |_| {});
    let whole = crowd.finish(server, "full disk");
    assert!(whole.count(|seen| matches!(seen, Seen::Refused { .. })) >= 100);
    drop(disk);
}

#[test]
fn a_disk_that_cannot_be_written_serves_nobody_and_loses_nothing() {
    let home = Home::new();
    let disk = SmallDisk::mount(place_in(&home));
    let setup = Setup::default().data(place_in(&home));
    let mut server = setup.clone().start_in(home);
    let mut crowd = Crowd::new(2, 1);
    crowd.round(&server, End::Lost, |log| {
        log.wait_for_acknowledgements(50);
        server.signal(Signal::KILL);
    });
    server.finish();
    let home = server.into_home();
    disk.remount("ro");
    let refused = setup.run(&home, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("Read-only file system"), "{refused:?}");
    assert!(!refused.stderr.contains("listening url="), "{refused:?}");
    disk.remount("rw");
    let server = setup.start_in(home);
    crowd.round(&server, End::Finished, |_| {});
    crowd.finish(server, "read-only disk");
    drop(disk);
}
