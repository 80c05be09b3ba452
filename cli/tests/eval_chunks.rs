//! `lossdef eval` by chunks: the results are those of one call, memory is bounded, and what goes wrong in the middle of a
//! file is told and leaves nothing behind.

use assert_cmd::Command;
use npyz::{NpyFile, WriterBuilder};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn eval(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("lossdef").expect("the program");
    command.current_dir(folder).arg("eval").args(arguments).output().expect("an end")
}

fn misuse(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn bytes<T: npyz::AutoSerialize + Copy>(shape: &[u64], data: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut bytes).begin_nd().expect("a head");
    writer.extend(data.iter().copied()).expect("elements");
    writer.finish().expect("an end");
    bytes
}

/// Numbers between -1 and 1 that follow no simple pattern.
fn numbers(seed: u64, count: u64) -> Vec<f64> {
    let hash = |i: u64| (seed * 1_000_003 + i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    (0..count).map(|i| hash(i).wrapping_mul(0xD129_0424_7A95_AF4F) as f64 / 2f64.powi(63) - 1.0).collect()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("a file");
}

fn doubles(folder: &Path, name: &str, seed: u64, shape: &[u64]) {
    put(folder, name, &bytes(shape, &numbers(seed, shape.iter().product())));
}

fn singles(folder: &Path, name: &str, seed: u64, shape: &[u64]) {
    let numbers = numbers(seed, shape.iter().product());
    put(folder, name, &bytes(shape, &numbers.iter().map(|x| *x as f32).collect::<Vec<_>>()));
}

/// The arrays of a file: their element type, shape and elements.
fn arrays(path: &Path) -> BTreeMap<String, (String, Vec<u64>, Vec<f64>)> {
    let mut archive = ZipArchive::new(fs::File::open(path).expect("a file")).expect("npz");
    let members = archive.len();
    let read = |index| {
        let member = archive.by_index(index).expect("a member");
        let name = member.name().to_owned();
        let file = NpyFile::new(member).expect("npy");
        let (kind, shape) = (file.dtype().descr(), file.shape().to_vec());
        let data = match kind.contains("f4") {
            true => file.into_vec::<f32>().expect("numbers").into_iter().map(f64::from).collect(),
            false => file.into_vec::<f64>().expect("numbers"),
        };
        (name, (kind, shape, data))
    };
    (0..members).map(read).collect()
}

/// Evaluates in one call and by chunks of one row, of several bytes and of several rows, and compares everything. Gives the value in one call.
fn agree(folder: &Path, call: &str, tolerance: f64) -> Vec<f64> {
    let call: Vec<&str> = call.split_whitespace().collect();
    let whole = eval(folder, &[&call[..], &["--out", "whole.npz", "--force"]].concat());
    assert!(whole.status.success(), "{call:?}: {}", String::from_utf8_lossy(&whole.stderr));
    let whole = arrays(&folder.join("whole.npz"));
    for size in ["1", "100", "500"] {
        let chunked = [&call[..], &["--out", "chunks.npz", "--force", "--chunk-bytes", size]].concat();
        let chunked = eval(folder, &chunked);
        assert!(chunked.status.success(), "{call:?}: {}", String::from_utf8_lossy(&chunked.stderr));
        let chunked = arrays(&folder.join("chunks.npz"));
        assert!(whole.keys().eq(chunked.keys()), "{call:?}");
        for (name, (kind, shape, expected)) in &whole {
            let (other, other_shape, found) = &chunked[name];
            assert_eq!((kind, shape), (other, other_shape), "{call:?}: {name}");
            let largest = expected.iter().fold(1.0_f64, |largest, x| largest.max(x.abs()));
            for (expected, found) in expected.iter().zip(found) {
                let near = (expected - found).abs() <= tolerance * largest;
                assert!(near || expected.is_nan() && found.is_nan(), "{call:?}: {name}: {expected} {found}");
            }
        }
    }
    whole["value.npy"].2.clone()
}

#[test]
fn elementwise_losses_by_chunks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (name, seed, shape) in [
        ("x.npy", 1, &[23, 3][..]),
        ("t.npy", 2, &[23, 3]),
        ("full.npy", 3, &[23, 3]),
        ("row.npy", 4, &[3]),
        ("column.npy", 5, &[23, 1]),
        ("one.npy", 6, &[1, 1]),
    ] {
        doubles(folder, name, seed, shape);
        singles(folder, &format!("s{name}"), seed, shape);
    }
    for (s, tolerance) in [("", 1e-12), ("s", 1e-5)] {
        let inputs = format!("--input input={s}x.npy --input target={s}t.npy");
        // In single precision, what differs is the rounding alone.
        for reduction in if s == "s" { &["mean"][..] } else { &["mean", "sum", "none"] } {
            let rest = format!("{inputs} --reduction {reduction}");
            agree(folder, &format!("huber {rest}"), tolerance);
            agree(folder, &format!("huber {rest} --set delta=0.3 --grad input,target"), tolerance);
            agree(folder, &format!("mse {rest} --grad target"), tolerance);
            for weight in ["full", "row", "column", "one"] {
                let weighted = format!("mse {rest} --input weight={s}{weight}.npy");
                agree(folder, &weighted, tolerance);
                agree(folder, &format!("{weighted} --grad input,target,weight"), tolerance);
            }
        }
    }
}

#[test]
fn rows_that_are_too_large_are_cut_further() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    doubles(folder, "x.npy", 1, &[1, 5, 3, 4]);
    doubles(folder, "t.npy", 2, &[1, 5, 3, 4]);
    for (name, shape) in [("last.npy", &[4][..]), ("two.npy", &[3, 1]), ("all.npy", &[1, 1, 1, 1])] {
        doubles(folder, name, 3, shape);
    }
    for weight in ["last", "two", "all", "x"] {
        for reduction in ["mean", "none"] {
            let inputs = format!("--input input=x.npy --input target=t.npy --input weight={weight}.npy");
            let call = format!("mse {inputs} --reduction {reduction} --grad input,target,weight");
            agree(folder, &call, 1e-12);
        }
    }
    let label = |i: usize| if i.is_multiple_of(3) { -100 } else { (i % 4) as i64 };
    put(folder, "y.npy", &bytes(&[1, 5, 3], &(0..15).map(label).collect::<Vec<_>>()));
    let call = "cross_entropy --input input=x.npy --input target=y.npy --input weight=last.npy";
    agree(folder, &format!("{call} --grad input,weight"), 1e-12);
    let mut labels = [1_i64; 15];
    labels[11] = 4;
    put(folder, "y.npy", &bytes(&[1, 5, 3], &labels));
    for size in ["1", "100", "500"] {
        let call = format!("{call} --chunk-bytes {size}");
        let told = misuse(&eval(folder, &call.split(' ').collect::<Vec<_>>()));
        assert!(told.contains("`target` is 4 at [0, 3, 2]"), "{told}");
    }
}

#[test]
fn losses_over_classes_by_chunks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    doubles(folder, "x.npy", 1, &[23, 4]);
    doubles(folder, "image.npy", 2, &[23, 4, 2]);
    doubles(folder, "vectors.npy", 3, &[23, 3]);
    doubles(folder, "matrix.npy", 4, &[4, 3]);
    put(folder, "w.npy", &bytes(&[4], &[0.5, 1.0, 2.0, 0.25]));
    let label = |i: usize| if i.is_multiple_of(3) { -100 } else { (i * 7 % 4) as i16 };
    put(folder, "y.npy", &bytes(&[23], &(0..23).map(label).collect::<Vec<i16>>()));
    put(folder, "pixels.npy", &bytes(&[23, 2], &(0..46).map(label).collect::<Vec<i16>>()));
    put(folder, "none.npy", &bytes(&[23], &[-100_i64; 23]));
    for reduction in ["mean", "sum", "none"] {
        let rest = format!("--input weight=w.npy --reduction {reduction} --grad input,weight");
        agree(folder, &format!("cross_entropy --input input=x.npy --input target=y.npy {rest}"), 1e-12);
        let pixels = "--input input=image.npy --input target=pixels.npy --axis c=1";
        agree(folder, &format!("cross_entropy {pixels} {rest}"), 1e-12);
        let linear = "--input input=vectors.npy --input linear_weight=matrix.npy --input target=y.npy";
        let rest = format!("--reduction {reduction} --grad input,linear_weight");
        agree(folder, &format!("linear_cross_entropy {linear} {rest}"), 1e-12);
        let nothing = "cross_entropy --input input=x.npy --input target=none.npy";
        let value = agree(folder, &format!("{nothing} --reduction {reduction} --grad input"), 0.0);
        assert_eq!(value[0].is_nan(), reduction == "mean");
    }
    // What is no sum over parts, or has its samples elsewhere, is evaluated in one call all the same.
    agree(folder, "info_nce --input query=x.npy --input key=x.npy --grad query,key", 0.0);
    let call = ["--formula", "loss f(x[c, ..]) = sum[c](x^2)", "--input", "x=x.npy", "--chunk-bytes", "64"];
    assert!(eval(folder, &call).status.success());
}

/// An archive of two arrays of 23 numbers.
fn archive(folder: &Path, name: &str, method: CompressionMethod) {
    let mut archive = ZipWriter::new(fs::File::create(folder.join(name)).expect("a file"));
    for (seed, member) in ["input.npy", "target.npy"].iter().enumerate() {
        use std::io::Write;
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(*member, options).expect("a member");
        archive.write_all(&bytes(&[23], &numbers(seed as u64, 23))).expect("bytes");
    }
    archive.finish().expect("an end");
}

#[test]
fn every_kind_of_file_by_chunks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    archive(folder, "stored.npz", CompressionMethod::Stored);
    archive(folder, "deflated.npz", CompressionMethod::Deflated);
    let plain: Vec<Vec<u8>> =
        (0..2).map(|seed| numbers(seed, 23).iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let view = |i: usize| safetensors::tensor::TensorView::new(safetensors::Dtype::F64, vec![23], &plain[i]);
    let tensors = [("input", view(0).expect("a tensor")), ("target", view(1).expect("a tensor"))];
    put(folder, "a.safetensors", &safetensors::serialize(tensors, None).expect("bytes"));
    let mut values = Vec::new();
    for file in ["stored.npz", "deflated.npz", "a.safetensors"] {
        values.push(agree(folder, &format!("mse --inputs {file} --grad input,target"), 1e-12));
    }
    // Numbers whose bytes stand the other way round.
    let mut head = bytes(&[23], &numbers(0, 23));
    let data = head.len() - 23 * 8;
    head[data..].chunks_exact_mut(8).for_each(<[u8]>::reverse);
    let at = head.windows(3).position(|text| text == b"<f8").expect("the type");
    head[at] = b'>';
    put(folder, "big.npy", &head);
    values.push(agree(folder, "mse --inputs stored.npz --input input=big.npy", 1e-12));
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    // An order in which chunks are no runs of bytes.
    doubles(folder, "c.npy", 3, &[2, 3]);
    let turned: Vec<f64> = [0, 3, 1, 4, 2, 5].map(|i| numbers(3, 6)[i]).into();
    let mut fortran = bytes(&[2, 3], &turned);
    let order = fortran.windows(5).position(|text| text == b"False").expect("the order");
    fortran.splice(order..order + 5, *b"True ");
    put(folder, "fortran.npy", &fortran);
    assert_eq!(agree(folder, "mse --input input=c.npy --input target=fortran.npy --grad input", 0.0), [0.0]);
    // Truth values, and nothing at all.
    put(folder, "zero.npy", &bytes(&[0, 3], &[0.0_f64; 0]));
    let nothing = "mse --input input=zero.npy --input target=zero.npy --grad input";
    assert!(agree(folder, nothing, 0.0)[0].is_nan());
    put(folder, "b.npy", &bytes(&[23], &(0..23).map(|i| i % 3 == 0).collect::<Vec<_>>()));
    put(folder, "f.npy", &bytes(&[23], &numbers(0, 23)));
    let call = ["--formula", "loss f(x, b: bool) = if b then x else 2 * x", "--input", "x=f.npy"];
    let call = [&call[..], &["--input", "b=b.npy", "--format", "json"]].concat();
    let (whole, chunks) =
        (eval(folder, &call), eval(folder, &[&call[..], &["--chunk-bytes", "36"]].concat()));
    assert!(whole.status.success());
    let value = |output: &Output| {
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        answer["value"].as_f64().expect("a number")
    };
    assert!((value(&whole) - value(&chunks)).abs() < 1e-12);
}

#[test]
fn mistakes_inside_of_a_file_are_told_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    doubles(folder, "x.npy", 1, &[23, 4]);
    let mut labels = [1_i64; 23];
    labels[17] = 4;
    put(folder, "y.npy", &bytes(&[23], &labels));
    let chunks = ["--chunk-bytes", "300", "--grad", "input", "--out", "out.npz"];
    let call = ["cross_entropy", "--input", "input=x.npy", "--input", "target=y.npy"];
    let told = misuse(&eval(folder, &[&call[..], &chunks].concat()));
    assert!(told.contains("`target` is 4 at [17]"), "{told}");
    let mut share = [0.5_f64; 23];
    share[12] = 1.5;
    put(folder, "p.npy", &bytes(&[23], &share));
    let call = ["bce", "--input", "input=p.npy", "--input", "target=p.npy"];
    let told = misuse(&eval(folder, &[&call[..], &chunks].concat()));
    assert!(told.contains("`input` is 1.5 at [12]"), "{told}");

    // A head that would take years to read.
    let mut deep = fs::read(folder.join("y.npy")).expect("bytes");
    let tuple = deep.windows(3).position(|text| text == b"(23").expect("the shape");
    deep[tuple..tuple + 40].fill(b'(');
    put(folder, "deep.npy", &deep);
    let call = ["mse", "--input", "input=deep.npy", "--input", "target=x.npy"];
    assert!(misuse(&eval(folder, &call)).contains("deep.npy: the head has brackets inside of brackets"));

    // A bit that flipped shows in the sum over all bytes, behind the last row.
    archive(folder, "a.npz", CompressionMethod::Stored);
    let mut damaged = fs::read(folder.join("a.npz")).expect("bytes");
    let element = numbers(0, 23)[3].to_le_bytes();
    let at = damaged.windows(8).position(|bytes| bytes == element).expect("the element");
    damaged[at] ^= 1;
    put(folder, "a.npz", &damaged);
    let call = ["mse", "--inputs", "a.npz"];
    assert!(misuse(&eval(folder, &call)).contains("a.npz: input: Invalid checksum"));
    let told = misuse(&eval(folder, &[&call[..], &chunks].concat()));
    assert!(told.contains("a.npz: input: Invalid checksum"), "{told}");

    let left = fs::read_dir(folder).expect("a folder").count();
    assert_eq!(left, 5, "an output or a temporary file was left");
}

#[test]
fn an_output_is_replaced_by_force_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    doubles(folder, "x.npy", 1, &[23]);
    put(folder, "out.npz", b"precious");
    let call = ["mse", "--input", "input=x.npy", "--input", "target=x.npy", "--out"];
    let told = misuse(&eval(folder, &[&call[..], &["out.npz"]].concat()));
    assert!(told.contains("out.npz: the file exists; --force replaces it"), "{told}");
    assert_eq!(fs::read(folder.join("out.npz")).expect("bytes"), b"precious");
    assert!(eval(folder, &[&call[..], &["out.npz", "--force"]].concat()).status.success());
    assert_eq!(arrays(&folder.join("out.npz"))["value.npy"].2, [0.0]);
    assert!(misuse(&eval(folder, &[&call[..], &[".", "--force"]].concat())).contains("not a file"));
    assert!(misuse(&eval(folder, &[&call[..], &["no/out.npz"]].concat())).contains("no/out.npz: "));
}

/// A `.npy` file of zeros, which are a hole in the file.
fn hole(folder: &Path, name: &str, shape: &[u64]) {
    let mut head = Vec::new();
    let options = npyz::WriteOptions::<f32>::new().default_dtype().shape(shape);
    drop(options.writer(&mut head).begin_nd().expect("a head"));
    put(folder, name, &head);
    let file = fs::File::options().write(true).open(folder.join(name)).expect("a file");
    file.set_len(head.len() as u64 + 4 * shape.iter().product::<u64>()).expect("room");
}

#[test]
fn why_large_arrays_are_in_memory_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    hole(folder, "x.npy", &[2, 1 << 25]);
    let call = ["--formula", "loss f(x[c, ..]) = sum[c](x)", "--input", "x=x.npy"];
    let output = eval(folder, &call);
    assert_eq!(output.stdout, b"value = 0\n");
    let told = String::from_utf8(output.stderr).expect("text");
    let expected = "note: all arrays are read into memory: the first sample axis is axis 1 of `x`\n";
    assert_eq!(told, expected);
}

/// Twice 256 MiB are read with 192 MiB of address space.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    hole(folder, "x.npy", &[1 << 26]);
    hole(folder, "t.npy", &[1 << 26]);
    let program = Command::cargo_bin("lossdef").expect("the program");
    let call = "ulimit -v 196608; exec \"$0\" eval mse --input input=x.npy --input target=t.npy";
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(folder).args(["-c", call]).arg(program.get_program());
    // Each thread that allocates reserves addresses.
    let output = shell.env("MALLOC_ARENA_MAX", "1").env("RAYON_NUM_THREADS", "2").output().expect("an end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"value = 0\n");
    assert!(output.stderr.is_empty(), "no progress is shown where there is no terminal");
}
