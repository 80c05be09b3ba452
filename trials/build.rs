//! Writes the losses that `tests/generated.rs` compiles: random ones, by a seed and a number that the environment may
//! give (`LOSSDEF_SEED`, `LOSSDEF_LOSSES`).

#[path = "src/formulas/mod.rs"]
#[allow(dead_code, reason = "the crate uses all of it")]
mod formulas;

use formulas::{Choices, HELPERS, Kind, Seeded, loss};

fn main() {
    println!("cargo::rerun-if-changed=src/formulas");
    let setting = |name: &str, default: u64| {
        println!("cargo::rerun-if-env-changed={name}");
        std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
    };
    let (seed, losses) = (setting("LOSSDEF_SEED", 1), setting("LOSSDEF_LOSSES", 24));
    let mut choices = Seeded(seed << 32);
    let mut text = HELPERS.to_owned();
    for number in 0..losses {
        let wild = choices.chance(25);
        let kind = Kind::random(wild, &mut choices);
        let name = format!("{}_{number}", if wild { "wild" } else { "tame" });
        text.push_str(&loss(&name, kind, &mut choices));
    }
    let folder = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("a folder"));
    std::fs::write(folder.join("batch.def"), &text).expect("it can be written");
    // The text holds no quotes.
    let code = format!("::lossdef::losses! {{ inline = r#\"{text}\"# }}\n");
    std::fs::write(folder.join("batch.rs"), code).expect("it can be written");
}
