//! Favourites, and who hears nothing from whom.

use hongyan_protocol::id::FriendApplyId;

use super::Fixture;
use crate::{NewFriendApply, User};

#[tokio::test]
async fn a_favourite_is_one_of_its_user_alone() {
    let fixture = Fixture::new();
    let (ann, bo, _) = fixture.friends().await;
    let [eve] = fixture.users(["evee"]).await;
    let (marked, stranger) = fixture
        .tx(move |tx| {
            Ok((
                tx.set_favourite(ann, bo, true)?,
                tx.set_favourite(ann, eve, true)?,
            ))
        })
        .await
        .unwrap();
    assert!(marked && !stranger);
    let (of_ann, of_bo) = fixture
        .view(move |view| Ok((view.friends(ann)?, view.friendship(bo, ann)?)))
        .await;
    assert!(of_ann[0].friendship.favourite);
    assert!(!of_bo.unwrap().favourite);
}

#[tokio::test]
async fn a_blocked_friend_is_still_a_friend_and_does_not_see_who_comes() {
    let fixture = Fixture::new();
    let (ann, bo, _) = fixture.friends().await;
    let blocked = fixture.tx(move |tx| {
        assert!(tx.block(ann, bo, 5)?);
        assert!(!tx.block(ann, bo, 6)?, "blocked already");
        Ok((
            tx.viewers_of(ann)?,
            tx.viewers_of(bo)?,
            tx.friends(ann)?,
            tx.friends(bo)?,
        ))
    });
    let (of_ann, of_bo, friends_of_ann, friends_of_bo) = blocked.await.unwrap();
    assert!(of_ann.is_empty());
    assert_eq!(of_bo, [(ann, String::new())]);
    let seen_by_ann = (friends_of_ann[0].is_blocked, friends_of_ann[0].has_blocked);
    let seen_by_bo = (friends_of_bo[0].is_blocked, friends_of_bo[0].has_blocked);
    assert_eq!((seen_by_ann, seen_by_bo), ((true, false), (false, true)));
    let again = fixture.tx(move |tx| {
        assert!(tx.has_blocked(ann, bo)? && !tx.has_blocked(bo, ann)?);
        assert!(tx.unblock(ann, bo)? && !tx.unblock(ann, bo)?);
        tx.viewers_of(ann)
    });
    assert_eq!(again.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_of_somebody_blocked_waits_unseen() {
    let fixture = Fixture::new();
    let [ann, bo] = fixture.users(["anna", "bodo"]).await;
    let apply = NewFriendApply {
        id: FriendApplyId::mint(),
        from_id: bo,
        to_id: ann,
        remark: String::new(),
        now: 1,
    };
    let listed = fixture.tx(move |tx| {
        tx.block(ann, bo, 1)?;
        tx.add_friend_apply(&apply)?;
        let while_blocked = tx.friend_applies_to(ann)?.len();
        tx.unblock(ann, bo)?;
        Ok((while_blocked, tx.friend_applies_to(ann)?.len()))
    });
    assert_eq!(listed.await.unwrap(), (0, 1));
}

#[tokio::test]
async fn the_block_list_has_the_latest_first_in_pages() {
    let fixture = Fixture::new();
    let [ann, bo, cy, dee] = fixture.users(["anna", "bodo", "cyan", "deed"]).await;
    let pages = fixture.tx(move |tx| {
        for (now, other) in [(1, cy), (2, bo), (3, dee)] {
            tx.block(ann, other, now)?;
        }
        let page = |page| tx.blocked_by(ann, page, 2);
        Ok([page(1)?, page(2)?, page(3)?])
    });
    let ids = |page: Vec<User>| page.into_iter().map(|user| user.id).collect::<Vec<_>>();
    assert_eq!(
        pages.await.unwrap().map(ids),
        [vec![dee, bo], vec![cy], vec![]]
    );
}
