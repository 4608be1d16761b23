//! Files: what is taken, what is refused and leaves nothing, and how they are served.

use std::path::PathBuf;

use futures_util::{future::join_all, stream};
use hongyan_client::Error;
use hongyan_protocol::{Code, file::Uploaded, id::FileId};
use hongyan_store::testing;
use image::ImageFormat;
use reqwest::{
    Body, RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    attachment::carrying,
    endpoint::upload,
    harness::{Person, Process, Reply, SmallDisk, TestServer, command, files_in, reply, soon},
    shutdown::HeldStore,
    user::picture,
};

/// What has no kind that a page shows.
pub(crate) const TEXT: &str = "text/plain";

/// What lies in the folder of files.
pub(crate) fn stored(server: &TestServer) -> Vec<PathBuf> {
    files_in(&server.data_dir().join("files"))
}

/// Uploads as a browser does.
async fn send(server: &TestServer, person: &Person, form: Form) -> Reply {
    let request = server.web().post("/api/file").bearer_auth(person.token());
    reply(request.multipart(form)).await
}

/// A request with somebody's session.
pub(crate) fn get(server: &TestServer, person: &Person, path: &str) -> RequestBuilder {
    server.web().get(path).bearer_auth(person.token())
}

/// Bytes that no two places have alike.
pub(crate) fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

#[tokio::test]
async fn a_picture_is_served_as_what_it_is_and_has_a_thumbnail() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (format, media_type) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::WebP, "image/webp"),
    ] {
        let content = picture(640, 480, format);
        let file = ann.upload("雁.x", media_type, content).await.unwrap();
        assert_eq!(
            (file.name.as_str(), file.mime.as_str()),
            ("雁.x", media_type)
        );
        assert_eq!(
            (file.width, file.height, file.thumb),
            (Some(640), Some(480), true)
        );
        let answer = reply(get(&server, &ann, &file.url)).await;
        assert_eq!((answer.status, answer.body.len() as u64), (200, file.size));
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(
            answer.header("content-disposition"),
            "inline; filename=\"_.x\"; filename*=UTF-8''%E9%9B%81.x"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; sandbox; frame-ancestors 'none'"
        );
        let cached = answer.header("cache-control");
        assert_eq!(cached, "private, max-age=31536000, immutable");
        let shown = image::load_from_memory_with_format(&answer.body, format).unwrap();
        assert_eq!((shown.width(), shown.height()), (640, 480));

        let thumb = reply(get(&server, &ann, &file.thumb_url.unwrap())).await;
        assert_eq!(thumb.status, 200);
        assert!(thumb.header("content-type").starts_with("image/"));
        let small = image::load_from_memory(&thumb.body).unwrap();
        assert_eq!((small.width(), small.height()), (320, 240));
    }
}

#[tokio::test]
async fn what_a_page_could_run_can_only_be_saved() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (name, media_type, content) in [
        (
            "a.html",
            "text/html",
            b"<html><script>alert(1)</script>".as_slice(),
        ),
        (
            "a.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        ),
        ("a.js", "text/javascript", b"alert(1)"),
        ("a.pdf", "application/pdf", b"%PDF-1.7"),
        ("a.png", TEXT, b"<html><script>alert(1)</script>"),
    ] {
        let file = ann.upload(name, media_type, content).await.unwrap();
        assert_eq!(file.mime, "application/octet-stream", "{name}");
        assert!(!file.thumb && file.thumb_url.is_none() && file.width.is_none());
        let answer = reply(get(&server, &ann, &file.url)).await;
        assert_eq!(answer.body, content);
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(
            answer.header("content-disposition"),
            format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}")
        );
        let thumb = reply(get(&server, &ann, &format!("{}/thumb", file.url))).await;
        assert!(thumb.failure(404).contains("no thumbnail"));
    }
}

#[tokio::test]
async fn a_sound_is_played_as_what_it_is() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let ogg = [b"OggS\0\x02".as_slice(), &noise(1000)].concat();
    let file = ann
        .upload("v.ogg", "audio/ogg;codecs=opus", ogg)
        .await
        .unwrap();
    assert_eq!(file.mime, "audio/ogg");
    let answer = reply(get(&server, &ann, &file.url)).await;
    assert_eq!(answer.header("content-type"), "audio/ogg");
    assert!(answer.header("content-disposition").starts_with("inline"));
}

#[tokio::test]
async fn who_lies_about_the_type_is_refused_and_nothing_is_left() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let png = picture(100, 100, ImageFormat::Png);
    let half = &png[..png.len() / 2];
    for (media_type, content) in [
        ("image/png", b"<html><script>alert(1)</script>".as_slice()),
        ("image/jpeg", b"MZ\x90\0an executable"),
        ("image/webp", b"RIFF\0\0\0\0WAVEfmt "),
        ("image/png", half),
        ("image/gif", b"GIF89a\xff\xff\xff\xff"),
        ("audio/mpeg", &png),
        ("audio/ogg", b"<html>"),
    ] {
        let answer = send(&server, &ann, upload(media_type, content)).await;
        let case = format!("{media_type} {}", content[..6].escape_ascii());
        assert_eq!(answer.refusal(), Code::NotWhatItSays, "{case}");
    }
    assert!(stored(&server).is_empty());
    // Whoever claims nothing is believed, and the file can only be saved.
    let file = ann.upload("half.png", TEXT, half.to_vec()).await.unwrap();
    assert_eq!(file.mime, "application/octet-stream");
    // A picture of another kind than it says is a picture all the same.
    let file = ann.upload("a.jpg", "image/jpeg", png).await.unwrap();
    assert_eq!(file.mime, "image/png");
}

#[tokio::test]
async fn a_picture_bomb_is_refused_by_its_header() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let pixels = [(19_000, 19_000), (2_000_000_000, 1)];
    for bomb in pixels.map(|(width, height)| bomb(width, height)) {
        let answer = send(&server, &ann, upload("image/png", &bomb)).await;
        assert_eq!(answer.refusal(), Code::PictureTooLarge);
        assert!(stored(&server).is_empty());
        // As a file it harms nobody: no page draws it.
        let file = ann.upload("bomb.png", TEXT, bomb).await.unwrap();
        assert_eq!(file.mime, "application/octet-stream");
        std::fs::remove_dir_all(server.data_dir().join("files")).unwrap();
    }
}

/// A PNG of a few bytes that says it has this many pixels.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = picture(1, 1, ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = !0_u32;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc = (crc >> 1) ^ if odd { 0xEDB8_8320 } else { 0 };
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[tokio::test]
async fn a_name_leads_nowhere_hides_nothing_and_stays_chinese() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let long = format!("{}.txt", "长".repeat(10_000));
    for (given, name) in [
        ("合同 (终).pdf", "合同 (终).pdf"),
        ("../../hongyan.db", "hongyan.db"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("..", "file"),
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
    ] {
        let file = ann.upload(given, TEXT, "x").await.unwrap();
        assert_eq!(file.name, name, "{given:?}");
    }
    // No header of a form has a control character.
    let bell = ann.upload("a\u{7}b.txt", TEXT, "x").await;
    assert_eq!(bell.unwrap_err().code(), Some(Code::BadRequest));
    let file = ann.upload(&long, TEXT, "x").await.unwrap();
    assert!(file.name.len() <= 255 && file.name.ends_with("长.txt"));
    let answer = reply(get(&server, &ann, &file.url)).await;
    assert_eq!(answer.status, 200);
    let folder = server.data_dir().join("files");
    for path in files_in(server.data_dir()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let known = ["lock", "hongyan.db", "hongyan.db-wal", "hongyan.db-shm"].contains(&name);
        assert!(path.starts_with(&folder) != known, "{}", path.display());
    }
}

#[tokio::test]
async fn who_lies_about_the_size_is_refused_and_nothing_is_left() {
    let server = TestServer::start_with(|config| config.limits.file_bytes = 300_000).await;
    let ann = server.offline_user("ann").await;
    let too_much = noise(300_001);
    let answer = send(&server, &ann, upload(TEXT, &too_much)).await;
    assert_eq!(answer.refusal(), Code::FileTooLarge);
    // In chunks, without a length.
    let parts = too_much.chunks(10_000).map(<[u8]>::to_vec);
    let parts: Vec<_> = parts.map(Ok::<_, std::io::Error>).collect();
    let body = Part::stream(Body::wrap_stream(stream::iter(parts))).file_name("a");
    let answer = send(&server, &ann, Form::new().part("file", body)).await;
    assert_eq!(answer.refusal(), Code::FileTooLarge);
    // Before any of it is sent.
    let mut stream = begun(&server.url, &ann, 1 << 40).await;
    assert!(answered(&mut stream).await.contains(r#""code":"0304""#));
    // Less comes than was said.
    let mut stream = begun(&server.url, &ann, 10_000).await;
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    _ = soon("the end", stream.read_to_end(&mut rest)).await;
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    soon("an empty folder", async {
        while !stored(&server).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let file = ann.upload("a", TEXT, noise(300_000)).await.unwrap();
    assert_eq!(file.size, 300_000);
    let answer = send(&server, &ann, upload(TEXT, b"")).await;
    assert_eq!(answer.failure(400), "file: is empty");
}

/// How the body of an upload begins.
const HEAD: &str =
    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nhello";

/// The headers of an upload whose body is said to have this length.
async fn begun(url: &str, person: &Person, length: u64) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/file HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n",
        person.token()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The first bytes of an answer.
async fn answered(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = soon("an answer", stream.read(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn what_is_no_form_with_a_file_is_400() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let post = || server.web().post("/api/file").bearer_auth(ann.token());
    let multipart = "multipart/form-data; boundary=x";
    let long = format!(
        "--x\r\nContent-Disposition: form-data; name=\"{}",
        "a".repeat(100_000)
    );
    let other = "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--x--\r\n";
    for (kind, body, field) in [
        ("application/json", "{}", "body: "),
        ("multipart/form-data", "--x\r\n\r\n", "body: "),
        (multipart, "", "body: "),
        (multipart, &long, "body: "),
        (multipart, other, "file: "),
        (multipart, "--x--\r\n", "file: "),
        (multipart, HEAD, "body: "),
    ] {
        let answer = reply(post().header("content-type", kind).body(body.to_owned())).await;
        assert_eq!(answer.status, 400, "{kind} {:.60}: {}", body, answer.text());
        let why = answer.failure(400);
        assert!(why.starts_with(field), "{kind} {body:.60}: {why}");
    }
    assert!(stored(&server).is_empty());
}

#[tokio::test]
async fn who_is_refused_before_the_form_is_read_hears_it_after_all_was_sent() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let address = server.url.strip_prefix("http://").unwrap();
    let form = "multipart/form-data; boundary=x";
    let bearer = &*format!("Bearer {}", ann.token());
    // More than the buffers of both ends take.
    let body = vec![b'x'; 32 << 20];
    for (path, session, status) in [
        ("/api/file", "Bearer nobody", 401),
        ("/api/file?original=perhaps", bearer, 400),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {session}\r\nContent-Type: {form}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        soon("the end", stream.write_all(&body)).await.unwrap();
        let answer = answered(&mut stream).await;
        let wanted = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&wanted), "{path}: {answer}");
    }
}

#[tokio::test]
async fn an_upload_that_stalls_is_408_and_nothing_is_left() {
    let server = TestServer::start_with(|config| config.connection.body_seconds = 1).await;
    let ann = server.offline_user("ann").await;
    let mut stream = begun(&server.url, &ann, 10_000).await;
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    let answer = answered(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(stored(&server).is_empty());
}

#[tokio::test]
async fn one_account_sends_so_many_files_at_once() {
    let server = TestServer::start().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut stream = begun(&server.url, &ann, 10_000).await;
        stream.write_all(HEAD.as_bytes()).await.unwrap();
        open.push(stream);
    }
    soon("four files", async {
        while stored(&server).len() < 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let answer = send(&server, &ann, upload(TEXT, b"fifth")).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    bo.upload("a", TEXT, "another's").await.unwrap();
    // Who hangs up gives back the place.
    drop(open);
    soon("a place", async {
        while send(&server, &ann, upload(TEXT, b"again")).await.status == 429 {}
    })
    .await;
}

#[tokio::test]
async fn a_quota_holds_for_all_files_of_an_account_and_for_nobody_elses() {
    let server = TestServer::start_with(|config| config.files.quota_bytes = 100_000).await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    ann.upload("a", TEXT, noise(60_000)).await.unwrap();
    // Each would fit, and not both; the second does not, whichever it is.
    let two = join_all([1, 2].map(|_| ann.upload("b", TEXT, noise(30_000)))).await;
    assert_eq!(two.iter().filter(|one| one.is_ok()).count(), 1);
    let refused = two.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.code(), Some(Code::QuotaExceeded));
    assert_eq!(stored(&server).len(), 2);
    // A small file counts for a whole place.
    for fits in [true, true, false] {
        let tiny = ann.upload("c", TEXT, "x").await;
        assert_eq!(tiny.is_ok(), fits, "{tiny:?}");
    }
    bo.upload("a", TEXT, noise(90_000)).await.unwrap();
}

#[tokio::test]
async fn a_download_that_was_cut_goes_on_byte_by_byte() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let content = noise(3_000_000);
    let file = ann.upload("a.bin", TEXT, content.clone()).await.unwrap();
    let mut download = ann.download(file.file_id, 0).await.unwrap();
    assert_eq!(download.length(), Some(3_000_000));
    let mut got = Vec::new();
    while got.len() < 1_000_000 {
        got.extend_from_slice(&download.next().await.unwrap().unwrap());
    }
    drop(download);
    let rest = ann.download(file.file_id, got.len() as u64).await.unwrap();
    assert_eq!(rest.length(), Some(3_000_000 - got.len() as u64));
    got.extend(rest.bytes().await.unwrap());
    assert!(got == content, "byte by byte");
    let beyond = ann.download(file.file_id, 3_000_000).await;
    assert!(matches!(beyond, Err(Error::Status(416, _))), "{beyond:?}");
}

#[tokio::test]
async fn parts_and_conditions_are_answered_as_http_says() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let file = ann.upload("a.bin", TEXT, noise(1000)).await.unwrap();
    let ask = || get(&server, &ann, &file.url);
    let whole = reply(ask()).await;
    let etag = whole.header("etag").to_owned();
    assert_eq!(whole.header("accept-ranges"), "bytes");
    for (range, status, expected) in [
        ("bytes=0-0", 206, 0..1),
        ("bytes=990-", 206, 990..1000),
        ("bytes=-10", 206, 990..1000),
        ("bytes=5-2000", 206, 5..1000),
        ("bytes=0-1,5-6", 200, 0..1000),
        ("pages=1-2", 416, 0..0),
        ("bytes=1000-", 416, 0..0),
    ] {
        let part = reply(ask().header("range", range)).await;
        assert_eq!(part.status, status, "{range}");
        assert_eq!(part.body, whole.body[expected], "{range}");
    }
    let matching = reply(ask().header("range", "bytes=5-9").header("if-range", &etag)).await;
    assert_eq!((matching.status, matching.body.len()), (206, 5));
    let other = ask()
        .header("range", "bytes=5-9")
        .header("if-range", "\"other\"");
    assert_eq!(reply(other).await.body, whole.body);
    let known = reply(ask().header("if-none-match", &etag)).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = server.web().request("HEAD", &file.url);
    let head = reply(head.bearer_auth(ann.token())).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), "1000");
}

#[tokio::test]
async fn a_file_is_nobodys_but_its_owners_until_a_message_carries_it() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let content = picture(10, 10, ImageFormat::Png);
    let file = ann.upload("a.png", "image/png", content).await.unwrap();
    let unknown = reply(get(&server, &bo, &format!("/api/file/{}", FileId::mint()))).await;
    for path in [&file.url, file.thumb_url.as_ref().unwrap()] {
        let answer = reply(get(&server, &bo, path)).await;
        assert_eq!(
            answer.failure(404),
            unknown.failure(404),
            "as if there were none"
        );
        let answer = reply(server.web().get(path)).await;
        assert_eq!(answer.failure(401), "unauthorized");
        assert_eq!(reply(get(&server, &ann, path)).await.status, 200);
    }
    for nonsense in [
        "x",
        "..%2fhongyan.db",
        "%00",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let answer = reply(get(&server, &ann, &format!("/api/file/{nonsense}"))).await;
        assert_eq!(answer.failure(404), "no such file", "{nonsense}");
    }
}

#[tokio::test]
async fn where_a_photo_was_taken_is_nowhere_on_the_server() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let canary = b"31.2304N-121.4737E";
    let jpeg = picture(64, 32, ImageFormat::Jpeg);
    // APP1 with EXIF that says "turned by 90 degrees" and where, and more of it behind the end.
    let mut exif =
        b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(canary);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let photo = [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..], canary].concat();
    let file = ann
        .upload("p.jpg", "image/jpeg", photo.clone())
        .await
        .unwrap();
    assert_eq!(
        (file.width, file.height),
        (Some(32), Some(64)),
        "it is upright"
    );
    assert!(file.size < photo.len() as u64);
    for path in [&file.url, file.thumb_url.as_ref().unwrap()] {
        let answer = reply(get(&server, &ann, path)).await;
        assert!(!holds(&answer.body, canary), "{path}");
    }
    for path in files_in(server.data_dir()) {
        let content = std::fs::read(&path).unwrap();
        assert!(!holds(&content, canary), "{}", path.display());
    }
}

#[tokio::test]
async fn an_original_is_kept_byte_for_byte_and_can_only_be_saved() {
    let server = TestServer::start_with(|config| config.limits.picture_pixels = 64).await;
    let ann = server.offline_user("ann").await;
    let photo = picture(64, 32, ImageFormat::Jpeg);
    let form = || {
        let part = Part::bytes(photo.clone()).file_name("p.jpg");
        Form::new().part("file", part.mime_str("image/jpeg").unwrap())
    };
    let request = |path: &str| {
        let request = server.web().post(path).bearer_auth(ann.token());
        request.multipart(form())
    };
    let refused = reply(request("/api/file")).await;
    assert_eq!(refused.refusal(), Code::PictureTooLarge);
    let file = reply(request("/api/file?original=true")).await.data();
    assert_eq!(file["mime"], "application/octet-stream");
    assert_eq!((&file["thumb"], file.get("width")), (&json!(false), None));
    let answer = reply(get(&server, &ann, file["url"].as_str().unwrap())).await;
    assert_eq!(answer.body, photo);
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let answer = reply(request("/api/file?original=maybe")).await;
    let why = answer.failure(400);
    assert!(why.starts_with("original: "), "{why}");
}

fn holds(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_crash_leaves_nothing_that_the_next_start_does_not_remove() {
    let data_dir = tempfile::tempdir().unwrap();
    let files = data_dir.path().join("files");
    let process = Process::spawn(command(data_dir.path())).await;
    let [ann] = process.people(["ann"]).await;
    let kept = ann.upload("kept", TEXT, "kept").await.unwrap();
    let mut stream = begun(&process.url, &ann, 1_000_000).await;
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    stream.write_all(&noise(500_000)).await.unwrap();
    soon("a file that arrives", async {
        while files_in(&files).len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    process.kill().await;
    // As though it had died between the file and its row.
    let orphan = FileId::mint().to_string();
    let folder = files.join(&orphan[orphan.len() - 2..]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&orphan), "whole, and known to nobody").unwrap();
    assert_eq!(files_in(&files).len(), 3);

    let process = Process::spawn(command(data_dir.path())).await;
    soon("a clean folder", async {
        while files_in(&files).len() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let ann = process.again(&ann).await;
    let download = ann.download(kept.file_id, 0).await.unwrap();
    assert_eq!(download.bytes().await.unwrap(), b"kept");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_file_stays_where_nobody_knows_whether_it_has_a_row() {
    let mut server = TestServer::start().await;
    let Some(url) = testing::url(server.data_dir()) else {
        return;
    };
    let ann = server.offline_user("ann").await;
    let held = HeldStore::hold(server.data_dir()).await;
    let body = format!("{HEAD}\r\n--x--\r\n");
    let mut stream = begun(&server.url, &ann, body.len() as u64).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    held.end_waiting(&url).await;
    let answer = answered(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert_eq!(stored(&server).len(), 1);
    held.release().await;
    server.restart().await;
    soon("the start to know", async {
        while !stored(&server).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_that_no_message_carries_ends_after_a_day() {
    let mut server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let content = picture(10, 10, ImageFormat::Png);
    let old = ann.upload("old.png", "image/png", content).await.unwrap();
    let carried = ann.upload("carried", TEXT, "carried").await.unwrap();
    let body = json!({"fileId": carried.file_id});
    ann.ask(&carrying(&bo, "file", body)).await.unwrap();
    server.clock.advance(20 * 60 * 60 * 1000);
    let young = ann.upload("young", TEXT, "young").await.unwrap();
    server.clock.advance(5 * 60 * 60 * 1000);
    server.restart().await;
    soon("the end of the old file", async {
        while stored(&server).len() > 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let status = async |file: &Uploaded| reply(get(&server, &ann, &file.url)).await.status;
    assert_eq!((status(&old).await, status(&young).await), (404, 200));
    assert_eq!(status(&carried).await, 200);
}

#[tokio::test]
async fn on_a_full_disk_an_upload_is_507_and_nothing_is_left() {
    let disk = SmallDisk::new(6 * 1024);
    let process = Process::spawn(disk.command()).await;
    let [ann] = process.people(["ann"]).await;
    let files = disk.path().join("files");
    ann.upload("a", TEXT, "before").await.unwrap();
    disk.leave_room(&process, 256);
    let refused = ann.upload("b", TEXT, noise(2 << 20)).await;
    match refused {
        Err(Error::Status(507, why)) => assert!(why.contains("no space"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(files_in(&files).len(), 1);
    disk.free(&process);
    let file = ann.upload("b", TEXT, noise(1 << 20)).await.unwrap();
    let content = ann.download(file.file_id, 0).await.unwrap().bytes().await;
    assert!(content.unwrap() == noise(1 << 20));
}
