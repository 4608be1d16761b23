//! The page: from the sources in `web` to the files in `web/dist`, which the server's binary holds.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use crate::run;

/// The page's folder, from the repository's root.
pub(crate) const WEB: &str = "web";

/// Where the hash of the sources stands that the built page was made from.
const SOURCES: &str = "dist/sources.sha256";

/// What lies in the page's folder and has no part in what is built.
const NO_SOURCES: [&str; 5] = ["dist", "e2e", "icons", "node_modules", "vitest.config.ts"];

/// What is sent compressed. Pictures and fonts are already.
const TEXTS: [&str; 7] = ["css", "html", "js", "json", "svg", "txt", "webmanifest"];

/// Builds the page anew.
pub(crate) fn build() -> Result<()> {
    if !packages_are_current() {
        npm(&["ci"])?;
    }
    npm(&["run", "build"])?;
    finish(Path::new(WEB))?;
    println!("web/dist is built: commit it with its sources");
    Ok(())
}

/// Adds what the page's own tools do not make.
fn finish(web: &Path) -> Result<()> {
    for file in files_below(&web.join("dist"))? {
        compress(&file)?;
    }
    fs::write(web.join(SOURCES), hash_of_sources(web)?)?;
    Ok(())
}

fn npm(arguments: &[&str]) -> Result<()> {
    let command = [&["npm", "--prefix", WEB], arguments].concat();
    run::heading(&command.join(" "));
    let status = run::command(&command)
        .status()
        .context("cannot run npm: the page is built with Node.js 20.19 or later")?;
    ensure!(status.success(), "`{}` failed", command.join(" "));
    Ok(())
}

/// Whether what is installed is what the lock names: npm notes when it installed.
pub(crate) fn packages_are_current() -> bool {
    let changed = |path: &str| {
        let metadata = fs::metadata(Path::new(WEB).join(path));
        metadata.and_then(|metadata| metadata.modified())
    };
    match (
        changed("node_modules/.package-lock.json"),
        changed("package-lock.json"),
    ) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

/// Puts `.br` and `.gz` beside a text, the same for the same text; where it would be no shorter, nothing.
fn compress(file: &Path) -> Result<()> {
    let extension = file
        .extension()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
        .to_owned();
    if !TEXTS.contains(&extension.as_str()) {
        return Ok(());
    }
    let text = fs::read(file)?;
    for (packed, added) in [(brotli(&text)?, "br"), (gzip(&text)?, "gz")] {
        if packed.len() < text.len() {
            fs::write(file.with_extension(format!("{extension}.{added}")), packed)?;
        }
    }
    Ok(())
}

fn brotli(mut text: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: 11,
        size_hint: text.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut text, &mut packed, &parameters)?;
    Ok(packed)
}

/// Without a time or a name: both would make another file of the same text.
fn gzip(text: &[u8]) -> Result<Vec<u8>> {
    let mut packing = GzBuilder::new().write(Vec::new(), Compression::best());
    packing.write_all(text)?;
    Ok(packing.finish()?)
}

/// SHA-256 over the paths and contents of all that the built page depends on, in hexadecimal, as a line.
fn hash_of_sources(web: &Path) -> Result<String> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(web)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if NO_SOURCES.contains(&name) || name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        if path.is_dir() {
            sources.extend(files_below(&path)?);
        } else {
            sources.push(path);
        }
    }
    let mut sources: Vec<(String, PathBuf)> = sources
        .into_iter()
        .map(|path| (relative(web, &path), path))
        .filter(|(name, _)| !name.ends_with(".test.ts"))
        .collect();
    sources.sort_unstable();
    let mut hash = Sha256::new();
    for (name, path) in sources {
        let content = fs::read(&path).with_context(|| path.display().to_string())?;
        hash.update(format!("{name}\0{}\0", content.len()));
        hash.update(content);
    }
    let digits = hash.finalize();
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits + "\n")
}

/// A path as every system writes it.
fn relative(web: &Path, path: &Path) -> String {
    let path = path.strip_prefix(web).unwrap_or(path);
    let parts: Vec<_> = path.iter().map(OsStr::to_string_lossy).collect();
    parts.join("/")
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn web() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../web")
    }

    #[test]
    fn the_built_page_is_that_of_its_sources() {
        let built_from = fs::read_to_string(web().join(SOURCES)).unwrap();
        assert_eq!(
            built_from,
            hash_of_sources(&web()).unwrap(),
            "web/dist is older than what it is built from: run `cargo xtask web` and commit web/dist"
        );
    }

    #[test]
    fn what_is_compressed_is_the_text_beside_it() {
        let mut compressed = 0;
        for file in files_below(&web().join("dist")).unwrap() {
            let plain = file.with_extension("");
            let mut unpacked = Vec::new();
            match file.extension().and_then(OsStr::to_str) {
                Some("br") => brotli::BrotliDecompress(
                    &mut fs::read(&file).unwrap().as_slice(),
                    &mut unpacked,
                )
                .unwrap(),
                Some("gz") => {
                    let packed = fs::read(&file).unwrap();
                    let mut unpacking = flate2::read::GzDecoder::new(packed.as_slice());
                    unpacking.read_to_end(&mut unpacked).unwrap();
                }
                _ => continue,
            }
            assert!(
                unpacked == fs::read(&plain).unwrap(),
                "{}: run `cargo xtask web`",
                file.display()
            );
            compressed += 1;
        }
        assert!(compressed > 0);
    }

    #[test]
    fn the_same_text_is_compressed_to_the_same_bytes() {
        let text = "鸿雁传书".repeat(100);
        for pack in [brotli, gzip] {
            assert_eq!(
                pack(text.as_bytes()).unwrap(),
                pack(text.as_bytes()).unwrap()
            );
        }
        assert_eq!(gzip(b"x").unwrap()[4..8], [0; 4], "no time");
    }

    #[test]
    fn every_source_counts_and_no_test_does() {
        let folder = std::env::temp_dir().join(format!("hongyan-sources-{}", std::process::id()));
        fs::create_dir_all(folder.join("src/ui")).unwrap();
        fs::create_dir_all(folder.join("dist")).unwrap();
        let write = |name: &str, content: &str| fs::write(folder.join(name), content).unwrap();
        write("index.html", "<!doctype html>");
        write("src/ui/main.ts", "start()");
        let hash = || hash_of_sources(&folder).unwrap();
        let before = hash();
        for (name, counts) in [
            ("src/ui/main.test.ts", false),
            ("dist/index.html", false),
            ("vitest.config.ts", false),
            (".oxlintrc.json", false),
            ("chunks.ts", true),
            ("src/ui/other.ts", true),
            ("tsconfig.base.json", true),
        ] {
            write(name, "x");
            assert_eq!(hash() != before, counts, "{name}");
            fs::remove_file(folder.join(name)).unwrap();
            assert_eq!(hash(), before);
        }
        write("src/ui/main.ts", "stop()");
        assert_ne!(hash(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
