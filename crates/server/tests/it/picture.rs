//! Pictures of users and groups, when something ends in the middle: a client, the server, or its way to the database.

use std::path::{Path, PathBuf};

use hongyan_protocol::user::UpdateInfo;
use hongyan_store::testing;
use image::ImageFormat;
use reqwest::multipart::{Form, Part};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
};

use crate::{
    harness::{Person, TestServer, begun_request, files_in, reply, soon},
    shutdown::HeldStore,
    user::picture,
};

const NONE: UpdateInfo = UpdateInfo {
    nickname: None,
    sign: None,
    sex: None,
};

fn png() -> Vec<u8> {
    picture(50, 50, ImageFormat::Png)
}

fn folder(server: &TestServer) -> PathBuf {
    server.data_dir().join("picture")
}

/// The file behind a picture's path on the wire.
fn file(folder: &Path, head_img: &str) -> PathBuf {
    folder.join(head_img.strip_prefix("/img/").unwrap())
}

async fn new_picture(person: &Person) -> String {
    let info = person.update_info(&NONE, Some(png())).await;
    info.unwrap().head_img
}

/// A form with a picture in it.
fn form() -> Vec<u8> {
    let head = "--x\r\nContent-Disposition: form-data; name=\"headImage\"; filename=\"a\"\r\n\r\n";
    [head.as_bytes(), &png(), b"\r\n--x--\r\n"].concat()
}

/// A form of somebody's whose fields the server waits for.
async fn begun(server: &TestServer, person: &Person) -> TcpStream {
    let bearer = format!("Bearer {}", person.token());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ];
    let address = server.url.strip_prefix("http://").unwrap();
    let path = "/api/user/update_uinfo";
    begun_request(address, path, &headers, form().len()).await
}

/// Has somebody send a picture while the store cannot write: it is on the disk, and waits for its row.
async fn waiting_picture(server: &TestServer, person: &Person) -> TcpStream {
    let before = files_in(&folder(server)).len();
    let mut request = begun(server, person).await;
    request.write_all(&form()).await.unwrap();
    soon("the picture", async {
        let whole = |file: &&PathBuf| file.extension().is_some_and(|kind| kind == "png");
        while files_in(&folder(server)).iter().filter(whole).count() == before {
            yield_now().await;
        }
    })
    .await;
    request
}

#[tokio::test]
async fn who_hangs_up_while_a_picture_is_replaced_leaves_the_new_one_alone() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    new_picture(&ann).await;
    let held = HeldStore::hold(server.data_dir()).await;
    let mut request = waiting_picture(&server, &ann).await;
    request.shutdown().await.unwrap();
    let mut answer = Vec::new();
    soon("the server to hang up", request.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(answer.is_empty(), "nobody waits for it any more");
    held.release().await;
    server.stop().await;
    let left = files_in(&folder(&server));
    server.restart().await;
    let ann = server.log_in(&ann).await;
    assert_eq!(left, [file(&folder(&server), &ann.user().head_img)]);
}

#[tokio::test]
async fn a_crash_leaves_no_picture_that_the_next_start_does_not_remove() {
    let mut server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let group = ann.group("choir").await;
    let of_ann = new_picture(&ann).await;
    let card = ann.update_avatar(group, Some(png())).await.unwrap();
    server.stop().await;
    let folder = folder(&server);
    let mut named = [of_ann, card.group_head_img].map(|head_img| file(&folder, &head_img));
    named.sort();
    // As though it had died while it wrote a picture, and between another one and its row.
    let random = "0123456789abcdef0123456789abcdef";
    for left in [format!("{random}.tmp"), format!("{random}.png")] {
        std::fs::write(folder.join(left), png()).unwrap();
    }
    server.restart().await;
    soon("a clean folder", async {
        while files_in(&folder).len() > 2 {
            yield_now().await;
        }
    })
    .await;
    let mut left = files_in(&folder);
    left.sort();
    assert_eq!(left, named);
}

#[tokio::test]
async fn a_picture_stays_where_nobody_knows_whether_a_row_names_it() {
    let mut server = TestServer::start().await;
    let Some(url) = testing::url(server.data_dir()) else {
        return;
    };
    let ann = server.offline_user("ann").await;
    let old = new_picture(&ann).await;
    let held = HeldStore::hold(server.data_dir()).await;
    let mut request = waiting_picture(&server, &ann).await;
    held.end_waiting(&url).await;
    let mut answer = [0; 12];
    soon("an answer", request.read_exact(&mut answer))
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 500");
    assert_eq!(files_in(&folder(&server)).len(), 2);
    held.release().await;
    server.restart().await;
    soon("the start to know", async {
        while files_in(&folder(&server)).len() > 1 {
            yield_now().await;
        }
    })
    .await;
    assert_eq!(server.log_in(&ann).await.user().head_img, old);
    assert_eq!(files_in(&folder(&server)), [file(&folder(&server), &old)]);
}

#[tokio::test]
async fn at_most_sixteen_pictures_are_under_way_and_two_of_one_account() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let send = async || {
        let form = Form::new().part("headImage", Part::bytes(png()).file_name("a"));
        let request = server.web().post("/api/user/update_uinfo");
        reply(request.bearer_auth(ann.token()).multipart(form)).await
    };
    let mut of_ann = Vec::new();
    for _ in 0..2 {
        of_ann.push(begun(&server, &ann).await);
    }
    let refused = send().await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.header("retry-after"), "1");
    let mut of_others = Vec::new();
    for n in 0..7 {
        let other = server.offline_user(&format!("o{n}")).await;
        for _ in 0..2 {
            of_others.push(begun(&server, &other).await);
        }
    }
    let refused = send().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.header("retry-after"), "1");
    // Who hangs up gives back the place, and who has sent it all.
    drop(of_others);
    of_ann.truncate(1);
    soon("a place", async { while send().await.status != 200 {} }).await;
    of_ann[0].write_all(&form()).await.unwrap();
    let mut answer = [0; 12];
    soon("an answer", of_ann[0].read_exact(&mut answer))
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(files_in(&folder(&server)).len(), 1);
}
