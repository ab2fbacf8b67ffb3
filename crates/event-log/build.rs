//! The migrations are part of this crate: when one is added, it is built anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
