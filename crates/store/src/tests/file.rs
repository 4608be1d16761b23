//! Files: who may have one, what it counts for, and which ones nobody needs.

use hongyan_protocol::id::{FileId, UserId};

use super::{Fixture, draft};
use crate::{File, SMALLEST_SHARE, Thumb};

fn file(owner: UserId, size: i64, created_at: i64) -> File {
    File {
        id: FileId::mint(),
        owner_id: owner,
        name: "照片.png".to_owned(),
        mime: "image/png".to_owned(),
        size,
        pixels: Some((40, 30)),
        thumb: Thumb::Png,
        created_at,
    }
}

#[tokio::test]
async fn a_file_is_for_its_owner_and_for_readers_of_the_messages_that_carry_it() {
    let fixture = Fixture::new();
    let (ann, bo, conversation) = fixture.friends().await;
    let [cy] = fixture.users(["cyan"]).await;
    let photo = file(ann, 5000, 1);
    let (id, stored) = (photo.id, photo.clone());
    fixture.tx(move |tx| tx.add_file(&stored)).await.unwrap();
    let may = async |user| {
        let found = fixture.view(move |view| view.file_for(id, user)).await;
        found.map(|file| file == photo)
    };
    assert_eq!(may(ann).await, Some(true));
    assert_eq!(may(bo).await, None);
    fixture
        .tx(move |tx| tx.use_file(conversation, 1, id))
        .await
        .unwrap();
    assert_eq!(may(bo).await, Some(true));
    assert_eq!(may(cy).await, None);
}

#[tokio::test]
async fn small_files_count_for_a_whole_place_and_others_files_for_nothing() {
    let fixture = Fixture::new();
    let [ann, bo] = fixture.users(["anna", "bodo"]).await;
    let files = [file(ann, 1, 1), file(ann, 10_000, 1), file(bo, 70_000, 1)];
    fixture
        .tx(move |tx| files.iter().try_for_each(|file| tx.add_file(file)))
        .await
        .unwrap();
    let counted = fixture.view(move |view| view.file_bytes(ann)).await;
    assert_eq!(counted, SMALLEST_SHARE + 10_000);
}

#[tokio::test]
async fn a_file_that_no_message_carries_is_found_and_deleted_and_no_other() {
    let fixture = Fixture::new();
    let (ann, _, conversation) = fixture.friends().await;
    let message = draft(ann, "[a file]");
    let [old, used, young] = [file(ann, 1, 1), file(ann, 1, 1), file(ann, 1, 100)];
    let ids = [old.id, used.id, young.id];
    fixture
        .tx(move |tx| {
            [old, used, young]
                .iter()
                .try_for_each(|file| tx.add_file(file))?;
            tx.append(conversation, &message, 1)?;
            tx.use_file(conversation, 1, ids[1])?;
            // Its message was swept.
            tx.use_file(conversation, 2, ids[0])
        })
        .await
        .unwrap();
    let (mut after, mut unused, mut looks) = (FileId::NIL, Vec::new(), 0);
    while let (Some(last), found) = fixture
        .view(move |view| view.unused_files(after, 50, 2))
        .await
    {
        unused.extend(found);
        (after, looks) = (last, looks + 1);
    }
    assert_eq!((unused, looks), (vec![ids[0]], 2));
    let deleted = fixture.tx(move |tx| {
        ids.iter()
            .map(|&id| tx.delete_unused_file(id))
            .collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(deleted.await.unwrap(), [true, false, true]);
    let unknown = fixture.view(move |view| view.unknown_files(&ids)).await;
    assert_eq!(unknown, [ids[0], ids[2]]);
}
