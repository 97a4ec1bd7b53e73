use uuid::Uuid;

use super::*;
use crate::journal::{JournalSettings, Retention, Sync};

fn noon() -> Timestamp {
    Timestamp(43_200_000)
}

fn name(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn horse() -> Password {
    Password::parse("correct-horse").unwrap()
}

async fn ana() -> (tempfile::TempDir, Journal, Accounts) {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&JournalSettings {
        directory: directory.path().to_owned(),
        sync: Sync::Os,
        retention: Retention::default().into(),
        rooms_max: 3,
        clock: noon,
    })
    .unwrap();
    let accounts = Accounts::new(AccountSettings {
        registration_is_open: true,
        max: 3,
        cost: hash::CHEAP,
        password_length: 8,
        free_tries: FreeTries { account: None, address: None, registration: None },
        clock: noon,
    })
    .unwrap();
    let who = Identity(Uuid::from_u128(1));
    accounts.make(&journal, who, name("ana"), horse(), Vec::new()).await.unwrap();
    (directory, journal, accounts)
}

#[tokio::test]
async fn an_account_of_before_gets_its_keys_when_it_logs_in_and_new_ones_with_a_new_password() {
    let (_directory, journal, accounts) = ana().await;
    let stored = async || journal.password(name("ana")).await.unwrap().unwrap();
    let (account, made) = stored().await;
    assert!(made.scram.is_some());
    // As one that was made when there were none.
    let without = StoredPassword { scram: None, ..made.clone() };
    let forget = AccountChange::KeepScram { account, password: without.clone() };
    journal.change(vec![forget]).await.unwrap();
    assert_eq!(stored().await.1, without);
    let wrong = Password::parse("battery-staple").unwrap();
    assert!(accounts.verify(&journal, None, &name("ana"), wrong).await.is_err());
    assert_eq!(stored().await.1, without);
    accounts.verify(&journal, None, &name("ana"), horse()).await.unwrap();
    journal.change(Vec::new()).await.unwrap(); // behind what was not waited for
    let (_, kept) = stored().await;
    assert_eq!(kept.hash, made.hash);
    let keys = kept.scram.clone().unwrap();
    assert!(ScramKeys::parse(&keys).is_some(), "{keys}");
    // Those of a password that is not the account's any more are not kept.
    let password = accounts.hash(Password::parse("battery-staple").unwrap()).await.unwrap();
    let set = AccountChange::SetPassword { account, password: password.clone() };
    journal.change(vec![set]).await.unwrap();
    let late = AccountChange::KeepScram { account, password: kept };
    journal.change(vec![late]).await.unwrap();
    assert_eq!(stored().await.1, password);
}

#[tokio::test]
async fn a_name_that_nobody_has_and_an_account_without_keys_are_asked_like_others() {
    let (_directory, journal, accounts) = ana().await;
    let asked = async |name: &str| {
        let said = format!("n,,n={name},r=nonce");
        let (scram, answer) = accounts.scram(&journal, None, &said, "ours").await.unwrap();
        let proof = base64_of_zeros();
        let last = format!("c=biws,r=nonceours,p={proof}");
        assert_eq!(accounts.finish_scram(scram, &last).unwrap_err(), Refusal::LoginFailed);
        answer
    };
    let (ana, bob) = (asked("ana").await, asked("bob").await);
    assert_eq!(bob, asked("BOB").await, "the same salt each time");
    let shape = |answer: &str| -> Vec<usize> { answer.split(',').map(str::len).collect() };
    assert_eq!(shape(&ana), shape(&bob));
    assert_ne!(ana, bob);
}

fn base64_of_zeros() -> String {
    chat_protocol::base64::encode(&[0; 32])
}
