//! What a user's `cargo` does: an error names the `.def` file and the line, the sound losses are there all the
//! same, and an edit of the file alone builds the crate again.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A crate of its own that depends on this one.
struct Project(PathBuf);

impl Project {
    fn new() -> Project {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("user");
        let _ = std::fs::remove_dir_all(root.join("src"));
        let project = Project(root);
        let here = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\nlossdef = {{ path = \"{here}\" }}\nndarray = \"0.17\"\n"
            ),
        );
        // The same versions of everything, so that nothing has to be fetched.
        let lock = std::fs::read_to_string(Path::new(&here).join("Cargo.lock")).expect("a lock file");
        project.write("Cargo.lock", &lock);
        project.write(
            "src/main.rs",
            "lossdef::losses! { \"my.def\" }\nfn main() {\n    let x = ndarray::array![3.0];\n    \
             println!(\"{}\", Good::new().forward(&x).unwrap());\n}\n",
        );
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of a file");
        std::fs::write(path, text).expect("a file");
    }

    fn cargo(&self, command: &str) -> Output {
        Command::new(env!("CARGO"))
            .args([command, "--quiet", "--offline", "--color", "never"])
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .env_remove("RUSTFLAGS")
            .output()
            .expect("cargo runs")
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn mistakes_are_shown_at_their_line_and_edits_build_again() {
    let project = Project::new();
    project.write("my.def", "loss good(x) = x^2\n\nloss bad(input, target) = input - taget\n");
    let output = project.cargo("check");
    let text = errors(&output);
    assert!(!output.status.success(), "{text}");
    for part in ["unknown name `taget`", "my.def:3:35", "did you mean `target`?", "src/main.rs:1"] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(!text.contains("Good"), "the sound loss is missing:\n{text}");

    project.write("my.def", "loss good(x) = x^2\nloss fine(x, y) = x\n");
    let output = project.cargo("run");
    let text = errors(&output);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "9\n", "{text}");
    for part in ["warning", "input `y` is never used", "my.def:2:14"] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }

    project.write("my.def", "loss good(x) = x^3\n");
    let output = project.cargo("run");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "27\n", "{}", errors(&output));
}
