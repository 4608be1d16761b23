//! Has Cargo look for files that come to the page, or leave it: those that were there it knows by itself.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
