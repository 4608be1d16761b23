//! Profiles and pictures.

use std::io::Cursor;

use hongyan_protocol::{
    friend::SetRemark,
    presence::Status,
    text::Text,
    user::{SearchUser, Sex, Sign, UpdateInfo},
};
use image::{DynamicImage, ImageFormat};
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};

use crate::harness::{Person, TestServer, files_in, reply};

#[tokio::test]
async fn a_profile_changes_in_what_is_given_and_others_see_it() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let before = ann.get_info().await.unwrap();
    let nickname = UpdateInfo {
        nickname: Some(Text::new(" 安娜 <b>").unwrap()),
        ..UpdateInfo::default()
    };
    let after = ann.update_info(&nickname, None).await.unwrap();
    assert_eq!(after.nickname, " 安娜 <b>", "text is never altered");
    assert_eq!((&after.sign, after.sex), (&before.sign, before.sex));
    assert_eq!(
        (&after.head_img, &after.username),
        (&before.head_img, &before.username)
    );
    let rest = UpdateInfo {
        nickname: None,
        sign: Some(Sign::new("").unwrap()),
        sex: Some(Sex::Unset),
    };
    let after = ann.update_info(&rest, None).await.unwrap();
    assert_eq!(
        (after.nickname.as_str(), after.sign.as_str()),
        (" 安娜 <b>", "")
    );
    assert_eq!(after.sex, Sex::Unset);
    assert_eq!(ann.get_info().await.unwrap(), after);
    let search = SearchUser {
        username: Some(ann.name()),
        ..SearchUser::default()
    };
    let found = bo.search_user(&search).await.unwrap();
    assert_eq!(found[0].nickname, " 安娜 <b>");
}

#[tokio::test]
async fn a_profile_says_to_friends_what_it_does_not_say_to_others() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, eve] = server.users(["ann", "bo", "eve"]).await;
    ann.befriend(&mut bo).await;
    let remark = SetRemark {
        friend_user_id: bo.id(),
        remark: Text::new("Bass").unwrap(),
    };
    ann.set_remark(&remark).await.unwrap();
    ann.set_favourite(bo.id(), true).await.unwrap();
    let seen = async |viewer: &Person| {
        let profile = viewer.profile_of(bo.id()).await.unwrap();
        assert_eq!(profile.user.username, "bo--");
        assert_eq!(profile.user.sign, bo.user().sign);
        let friend = profile.friend;
        let friend = friend.map(|friend| (friend.remark, friend.status, friend.favourite));
        (friend, profile.blocked)
    };
    let online = Some(("Bass".to_owned(), Status::Online, true));
    assert_eq!(seen(&ann).await, (online, false));
    assert_eq!(seen(&eve).await, (None, false));
    assert_eq!(seen(&bo).await, (None, false), "oneself is no friend");
    eve.block(bo.id(), true).await.unwrap();
    ann.block(bo.id(), true).await.unwrap();
    assert_eq!(seen(&eve).await, (None, true));
    assert!(seen(&ann).await.1);
    // Who is blocked sees nobody come, and does not see that they are blocked.
    bo.block(ann.id(), true).await.unwrap();
    let unseen = Some(("Bass".to_owned(), Status::Offline, true));
    assert_eq!(seen(&ann).await, (unseen, true));
}

pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut picture = DynamicImage::new_rgb8(width, height).into_rgb8();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0 = [(x % 256) as u8, (y % 256) as u8, 90];
    }
    DynamicImage::from(picture)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// An upload as a browser sends it.
fn upload(
    server: &TestServer,
    person: &Person,
    name: &str,
    kind: &str,
    content: Vec<u8>,
) -> RequestBuilder {
    let part = Part::bytes(content).file_name(name.to_owned());
    let form = Form::new()
        .text("nickname", "with a picture")
        .part("headImage", part.mime_str(kind).unwrap());
    let request = server.web().post("/api/user/update_uinfo");
    request.bearer_auth(person.token()).multipart(form)
}

#[tokio::test]
async fn a_picture_of_any_kind_becomes_a_small_png_that_everybody_sees() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (format, name, kind) in [
        (ImageFormat::Png, "me.png", "image/png"),
        (ImageFormat::Jpeg, "me.jpg", "image/jpeg"),
        (ImageFormat::Gif, "me.gif", "image/gif"),
        (ImageFormat::WebP, "me.webp", "image/webp"),
        // What it is called does not matter: its content says what it is.
        (ImageFormat::Jpeg, "me.html", "text/html"),
        (ImageFormat::Gif, "../../me.png", "image/svg+xml"),
    ] {
        for (width, height, side) in [(300, 700, 256), (40, 30, 30)] {
            let content = picture(width, height, format);
            let info = reply(upload(&server, &ann, name, kind, content))
                .await
                .data();
            assert_eq!(info["nickname"], "with a picture");
            let path = info["headImg"].as_str().unwrap();
            let answer = reply(server.web().get(path)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), "image/png");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(
                answer.header("cache-control"),
                "public, max-age=31536000, immutable"
            );
            assert!(
                answer
                    .header("content-security-policy")
                    .starts_with("default-src 'none'")
            );
            let png = image::load_from_memory_with_format(&answer.body, ImageFormat::Png).unwrap();
            assert_eq!((png.width(), png.height()), (side, side), "{name} {kind}");
        }
    }
}

#[tokio::test]
async fn a_new_picture_replaces_the_old_one() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let bo = server.offline_user("bo").await;
    let content = || Some(picture(50, 50, ImageFormat::Png));
    let none = UpdateInfo::default();
    let default = ann.user().head_img.clone();
    let first = ann.update_info(&none, content()).await.unwrap().head_img;
    let of_bo = bo.update_info(&none, content()).await.unwrap().head_img;
    let second = ann.update_info(&none, content()).await.unwrap().head_img;
    assert_ne!(first, second, "what browsers keep for ever has a new name");
    let sign = UpdateInfo {
        sign: Some(Sign::new("no new picture").unwrap()),
        ..UpdateInfo::default()
    };
    assert_eq!(ann.update_info(&sign, None).await.unwrap().head_img, second);
    // A page sends an empty file where none was chosen.
    let empty = ann.update_info(&none, Some(Vec::new())).await.unwrap();
    assert_eq!(empty.head_img, second);
    server.restart().await;
    for (path, status) in [
        (&default, 200),
        (&first, 404),
        (&second, 200),
        (&of_bo, 200),
    ] {
        assert_eq!(reply(server.web().get(path)).await.status, status, "{path}");
    }
    assert_eq!(files_in(&server.data_dir().join("picture")).len(), 2);
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused_with_the_cause_and_changes_nothing() {
    let server = TestServer::start_with(|config| {
        config.limits.picture_bytes = 100_000;
        config.limits.picture_pixels = 1_000_000;
    })
    .await;
    let ann = server.offline_user("ann").await;
    let png = picture(100, 100, ImageFormat::Png);
    let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let noise: Vec<u8> = (0..100_001_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let with_noise = [png.as_slice(), &noise].concat();
    for (cause, name, kind, content) in [
        ("is wanted", "me.svg", "image/svg+xml", svg.to_vec()),
        ("is wanted", "me.png", "image/png", svg.to_vec()),
        ("is wanted", "me.png", "image/png", b"hello".to_vec()),
        (
            "is wanted",
            "me.jpg",
            "image/jpeg",
            b"<html><script>alert(1)</script></html>".to_vec(),
        ),
        (
            "is wanted",
            "me.bmp",
            "image/bmp",
            [b"BM".as_slice(), &[0; 100]].concat(),
        ),
        (
            "cannot be read",
            "me.png",
            "image/png",
            png[..png.len() / 2].to_vec(),
        ),
        (
            "cannot be read",
            "me.png",
            "image/png",
            [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100]].concat(),
        ),
        (
            "cannot be read",
            "me.gif",
            "image/gif",
            b"GIF89a\xff\xff\xff\xff".to_vec(),
        ),
        ("at most 100000 bytes", "me.png", "image/png", with_noise),
        (
            "at most 1000000 pixels",
            "me.png",
            "image/png",
            picture(1001, 1000, ImageFormat::Png),
        ),
    ] {
        assert!(content.len() < 160_000, "that would be another refusal");
        let why = reply(upload(&server, &ann, name, kind, content))
            .await
            .failure(400);
        assert!(
            why.starts_with("headImage: ") && why.contains(cause),
            "{cause}: {why}"
        );
    }
    let far_too_large = vec![b'x'; 200_000];
    let answer = reply(upload(&server, &ann, "me.png", "image/png", far_too_large)).await;
    answer.failure(413);
    // A text that is refused takes its picture with it.
    let text = Form::new()
        .text("sex", "2")
        .part("headImage", Part::bytes(png).file_name("a"));
    let request = server
        .web()
        .post("/api/user/update_uinfo")
        .bearer_auth(ann.token());
    let why = reply(request.multipart(text)).await.failure(400);
    assert!(why.starts_with("sex: "), "{why}");
    assert_eq!(&ann.get_info().await.unwrap(), ann.user());
    assert!(files_in(&server.data_dir().join("picture")).is_empty());
}

#[tokio::test]
async fn a_broken_form_is_400() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (kind, body) in [
        ("multipart/form-data", "--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", ""),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nhalf",
        ),
        ("multipart/form-data; boundary=x", "--y\r\n\r\n--y--"),
    ] {
        let request = server
            .web()
            .post("/api/user/update_uinfo")
            .bearer_auth(ann.token());
        let answer = reply(request.header("content-type", kind).body(body)).await;
        let why = answer.failure(400);
        assert!(why.starts_with("body: "), "{why}");
    }
    assert_eq!(&ann.get_info().await.unwrap(), ann.user());
}
