//! Certificates of accounts, and what was given to the sessions that came by them.

use chat_protocol::Fingerprint;
use chat_protocol::limits::CERTIFICATES_MAX;

use super::*;
use crate::journal::{Account, AccountChange, Changed, Guest, StoredPassword, TokenHash};

async fn registered(journal: &Journal, identity: Identity, name: &str) {
    let account = Account {
        identity,
        name: UserName::parse(name).unwrap(),
        created: noon(),
        is_administrator: false,
        suspension: None,
        stays: false,
    };
    let password = StoredPassword { hash: "$argon2id$".to_owned(), scram: None };
    let add = AccountChange::Add { account, password, accounts_max: 10 };
    assert_eq!(journal.change(vec![add]).await.unwrap(), Changed::Done);
}

fn add(account: Identity, number: u8) -> Vec<AccountChange> {
    vec![AccountChange::AddCertificate { account, fingerprint: Fingerprint([number; 32]) }]
}

#[tokio::test]
async fn a_certificate_is_one_accounts_and_there_are_so_many() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let bob = Identity(Uuid::from_u128(2));
    assert_eq!(journal.change(add(ana(), 1)).await.unwrap(), Changed::Missing);
    registered(&journal, ana(), "ana").await;
    registered(&journal, bob, "bob").await;
    let most = u8::try_from(CERTIFICATES_MAX).unwrap();
    for number in 0..most {
        assert_eq!(journal.change(add(ana(), number)).await.unwrap(), Changed::Done);
    }
    assert_eq!(journal.change(add(ana(), most)).await.unwrap(), Changed::Full);
    assert_eq!(journal.change(add(bob, 0)).await.unwrap(), Changed::Taken);
    assert_eq!(journal.certificate(Fingerprint([0; 32])).await.unwrap(), Some(ana()));
    let fingerprint = Fingerprint([0; 32]);
    let remove = |account| vec![AccountChange::RemoveCertificate { account, fingerprint }];
    assert_eq!(journal.change(remove(bob)).await.unwrap(), Changed::Missing);
    assert_eq!(journal.change(remove(ana())).await.unwrap(), Changed::Done);
    assert_eq!(journal.change(add(bob, 0)).await.unwrap(), Changed::Done);
    let delete = AccountChange::Delete { account: ana() };
    assert_eq!(journal.change(vec![delete]).await.unwrap(), Changed::Done);
    assert_eq!(journal.all_certificates().await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_comes_back_by_what_was_taken_back_before_it_was_stored() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    registered(&journal, ana(), "ana").await;
    let fingerprint = Fingerprint([1; 32]);
    let name = UserName::parse("ana").unwrap();
    let guest = |token, access| {
        let token = TokenHash([token; 32]);
        Guest { token, identity: ana(), name: name.clone(), access }
    };
    let access = Some(TokenHash::from(fingerprint));
    journal.save_guest(guest(2, access)).await.unwrap();
    journal.save_guest(guest(3, None)).await.unwrap();
    let kept = async || journal.guests().await.unwrap().len();
    assert_eq!(kept().await, 1, "there is no such certificate");
    journal.change(add(ana(), 1)).await.unwrap();
    journal.save_guest(guest(2, access)).await.unwrap();
    assert_eq!(kept().await, 2);
    let remove = AccountChange::RemoveCertificate { account: ana(), fingerprint };
    journal.change(vec![remove]).await.unwrap();
    journal.save_guest(guest(4, access)).await.unwrap();
    assert_eq!(kept().await, 1);
}
