//! Every seed of the fuzzer, and a few thousand random ones, through its target.

use std::path::Path;

use lossdef_trials::TARGETS;
use lossdef_trials::formulas::{Choices, Seeded};

#[test]
fn every_seed_is_replayed() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name);
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.expect("a file").path();
            println!("{}", path.display());
            target(&std::fs::read(&path).expect("a readable seed"));
            seeds += 1;
        }
        assert!(seeds > 0, "no seed for {name}");
    }
}

#[test]
fn random_bytes_are_tried() {
    for (name, target) in TARGETS {
        let tries = std::env::var("LOSSDEF_TRIES").map_or(60, |text| text.parse().expect("a whole number"));
        for seed in 0..tries {
            let mut choices = Seeded(seed);
            let bytes: Vec<u8> = (0..600).map(|_| choices.below(256) as u8).collect();
            println!("{name} {seed}");
            target(&bytes);
        }
    }
}
