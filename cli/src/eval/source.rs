//! Arrays in files, before their elements are read.
//!
//! Input: paths of `.npy`, `.npz` and `.safetensors` files. Output: a [`Source`] per array, with its shape and element
//! type from the head of the file; its elements can be read from the first to the last as often as is needed.

use super::array::{Array, Kind, Unread};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use zip::ZipArchive;

/// The most bytes of the head of a `.npy` file, whose text is some 100 bytes long.
const LONGEST_HEAD: usize = 1 << 16;

/// How deep the brackets of a head are: a tuple in a dictionary, and some room for records, which are refused by name.
const DEEPEST_HEAD: usize = 5;

/// An array in a file.
pub struct Source {
    /// What errors call it.
    title: String,
    path: String,
    place: Place,
    /// The element type.
    pub kind: Kind,
    /// The shape.
    pub shape: Vec<usize>,
    /// Whether the first axis is the one whose elements stand side by side.
    pub fortran: bool,
    swapped: bool,
}

/// Where in a file.
enum Place {
    /// From this byte on.
    At(u64),
    /// In this member of an archive, behind a head.
    Member(usize),
}

/// A `.npy` file.
pub fn npy(path: &str) -> Result<Source, String> {
    let opened = || {
        let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
        let head = head(&mut file)?;
        let start = file.stream_position().map_err(|error| format!("not a file on a disk: {error}"))?;
        let source = described(path, path, Place::At(start), &head)?;
        let length = file.get_ref().metadata().map_err(|error| error.to_string())?.len();
        source.complete(length - start.min(length))?;
        Ok(source)
    };
    opened().map_err(|error: String| format!("{path}: {error}"))
}

/// The arrays of a `.npz` or `.safetensors` file, by name.
pub fn several(path: &str) -> Result<BTreeMap<String, Source>, String> {
    let sources = match path.rsplit_once('.') {
        Some((_, "npz")) => npz(path),
        Some((_, "safetensors")) => tensors(path),
        _ => Err("neither .npz nor .safetensors; a .npy file is given by --input NAME=FILE".to_owned()),
    };
    sources.map_err(|error| format!("{path}: {error}"))
}

fn npz(path: &str) -> Result<BTreeMap<String, Source>, String> {
    let mut archive = archive(path)?;
    let mut sources = BTreeMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| error.to_string())?;
        let name = member.name().strip_suffix(".npy").unwrap_or(member.name()).to_owned();
        let described = head(&mut member)
            .and_then(|head| described(path, &format!("{path}: {name}"), Place::Member(index), &head));
        sources.insert(name.clone(), described.map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(sources)
}

fn archive(path: &str) -> Result<ZipArchive<BufReader<File>>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())
}

/// Reads the head of a `.npy` file. One that is long or deep is none of an array of numbers, and the time that it takes to
/// read grows without bounds with its depth.
fn head(from: &mut dyn Read) -> Result<NpyHeader, String> {
    let mut bytes = Vec::new();
    let mut read = |count: usize, bytes: &mut Vec<u8>| {
        let read = from.take(count as u64).read_to_end(bytes);
        read.map_err(|error| error.to_string())
    };
    read(10, &mut bytes)?;
    let mut length =
        bytes.get(8..10).map_or(0, |length| usize::from(length[0]) | usize::from(length[1]) << 8);
    if bytes.get(6).is_some_and(|version| *version > 1) {
        read(2, &mut bytes)?;
        length |= bytes.get(10..12).map_or(0, |high| usize::from(high[0]) << 16 | usize::from(high[1]) << 24);
    }
    if bytes.starts_with(b"\x93NUMPY") {
        if length > LONGEST_HEAD {
            return Err(format!("a head of {length} bytes, which no array of numbers has"));
        }
        read(length, &mut bytes)?;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in &bytes[bytes.len().min(10)..] {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEEPEST_HEAD {
        return Err(
            "the head has brackets inside of brackets, which that of no array of numbers has".to_owned()
        );
    }
    NpyHeader::from_reader(&bytes[..]).map_err(|error| error.to_string())
}

/// What a head says.
fn described(path: &str, title: &str, place: Place, head: &NpyHeader) -> Result<Source, String> {
    let DType::Plain(kind) = head.dtype() else { return Err("records are no numbers".to_owned()) };
    let swapped =
        kind.endianness() != Endianness::Irrelevant && kind.endianness() != Endianness::of_machine();
    let kind = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) => Kind::F32,
        (TypeChar::Float, 8) => Kind::F64,
        (TypeChar::Bool, _) => Kind::Bool,
        (TypeChar::Int, 8) => Kind::I64,
        (TypeChar::Int, 4) => Kind::I32,
        (TypeChar::Int, 2) => Kind::I16,
        (TypeChar::Int, 1) => Kind::I8,
        (TypeChar::Uint, 8) => Kind::U64,
        (TypeChar::Uint, 4) => Kind::U32,
        (TypeChar::Uint, 2) => Kind::U16,
        (TypeChar::Uint, 1) => Kind::U8,
        _ => {
            return Err(format!(
                "elements of type `{kind}`, but a loss takes float32, float64, integers and bool"
            ));
        }
    };
    let shape = head.shape().iter().map(|length| usize::try_from(*length));
    let shape = shape.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let fortran = head.order() == Order::Fortran && shape.len() > 1;
    let source =
        Source { title: title.to_owned(), path: path.to_owned(), place, kind, shape, fortran, swapped };
    source.bytes()?;
    Ok(source)
}

fn tensors(path: &str) -> Result<BTreeMap<String, Source>, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let length = file.get_ref().metadata().map_err(|error| error.to_string())?.len();
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|_| "too short for a head".to_owned())?;
    let start = u64::from_le_bytes(size).checked_add(8).filter(|start| *start <= length);
    let start = start.ok_or("the head is longer than the file")?;
    let mut head = Vec::new();
    file.take(start - 8).read_to_end(&mut head).map_err(|error| error.to_string())?;
    let head: Metadata = serde_json::from_slice(&head).map_err(|error| format!("the head: {error}"))?;
    if start + head.data_len() as u64 != length {
        return Err("the arrays are not as long as the head says".to_owned());
    }
    let mut sources = BTreeMap::new();
    for (name, tensor) in head.tensors() {
        let kind = match tensor.dtype {
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            Dtype::BOOL => Kind::Bool,
            Dtype::I64 => Kind::I64,
            Dtype::I32 => Kind::I32,
            Dtype::I16 => Kind::I16,
            Dtype::I8 => Kind::I8,
            Dtype::U64 => Kind::U64,
            Dtype::U32 => Kind::U32,
            Dtype::U16 => Kind::U16,
            Dtype::U8 => Kind::U8,
            other => {
                return Err(format!(
                    "{name}: elements of type {other:?}, but a loss takes F32, F64, integers and BOOL"
                ));
            }
        };
        let source = Source {
            title: format!("{path}: {name}"),
            path: path.to_owned(),
            place: Place::At(start + tensor.data_offsets.0 as u64),
            kind,
            shape: tensor.shape.clone(),
            fortran: false,
            swapped: cfg!(target_endian = "big"),
        };
        sources.insert(name, source);
    }
    Ok(sources)
}

impl Source {
    /// The bytes of all elements.
    pub fn bytes(&self) -> Result<u64, String> {
        let lengths = self.shape.iter().map(|length| *length as u64);
        // Lengths beside one of 0 count, too: arrays are bounded by them.
        let bytes = lengths.filter(|length| *length > 0).try_fold(self.kind.size() as u64, u64::checked_mul);
        let bytes = bytes.filter(|bytes| *bytes <= isize::MAX as u64);
        let bytes = bytes.ok_or_else(|| format!("shape {:?} is larger than any memory", self.shape))?;
        Ok(if self.shape.contains(&0) { 0 } else { bytes })
    }

    fn complete(&self, there: u64) -> Result<(), String> {
        if there < self.bytes()? {
            return Err(cut_off(there as usize / self.kind.size()));
        }
        Ok(())
    }

    /// The whole array.
    pub fn whole(&self) -> Result<Array, String> {
        self.read(|from| {
            let array = self.kind.read(&self.shape, self.fortran, None, from, self.swapped);
            array.map_err(|error| self.unread(0, error))
        })
    }

    /// Hands all rows to `take`, `rows` of them at a time and at last what is left, until it wants no more. A row is
    /// one position on the leading axes. `spare` gives arrays whose memory is used again.
    pub fn chunks(
        &self,
        leading: usize,
        rows: usize,
        mut spare: impl FnMut() -> Option<Array>,
        mut take: impl FnMut(Array) -> bool,
    ) -> Result<(), String> {
        self.read(|from| {
            let (lengths, rest) = self.shape.split_at(leading);
            let (all, row) = (lengths.iter().product(), rest.iter().product::<usize>());
            let mut shape = [&[0], rest].concat();
            for start in (0..all).step_by(rows) {
                shape[0] = rows.min(all - start);
                let array = self.kind.read(&shape, false, spare(), from, self.swapped);
                if !take(array.map_err(|error| self.unread(start * row, error))?) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Hands the elements as bytes to `reads`.
    fn read<R>(&self, reads: impl FnOnce(&mut dyn Read) -> Result<R, String>) -> Result<R, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.title);
        match self.place {
            Place::At(start) => {
                let mut file = File::open(&self.path).map_err(failed)?;
                file.seek(SeekFrom::Start(start)).map_err(failed)?;
                reads(&mut file)
            }
            Place::Member(index) => {
                let mut archive = archive(&self.path)?;
                let member = archive.by_index(index);
                let mut member = member.map_err(|error| format!("{}: {error}", self.title))?;
                head(&mut member).map_err(|error| format!("{}: {error}", self.title))?;
                let result = reads(&mut member)?;
                // The sum over all bytes is checked where the end is seen.
                member.read(&mut [0]).map_err(failed)?;
                Ok(result)
            }
        }
    }

    fn unread(&self, before: usize, error: Unread) -> String {
        match error {
            Unread::CutOff(elements) => format!("{}: {}", self.title, cut_off(before + elements)),
            Unread::Failed(error) => format!("{}: {error}", self.title),
        }
    }
}

fn cut_off(elements: usize) -> String {
    format!("cut off after {elements} elements")
}
