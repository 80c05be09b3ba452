//! Results as one `.npz` file.

use lossdef_runtime::any::AnyArray;
use ndarray::ArrayD;
use npyz::{AutoSerialize, WriteOptions, WriterBuilder};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes arrays by name; `numpy.load` reads them.
pub fn npz(path: &str, arrays: &[(String, AnyArray)]) -> Result<(), String> {
    let written = || -> io::Result<()> {
        let mut out = ZipWriter::new(BufWriter::new(File::create(path)?));
        // Sizes beyond 4 GiB need a wider head, which is written first.
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        for (name, array) in arrays {
            out.start_file(format!("{name}.npy"), options)?;
            match array {
                AnyArray::F32(array) => member(&mut out, array)?,
                AnyArray::F64(array) => member(&mut out, array)?,
            }
        }
        out.finish()?.flush()
    };
    written().map_err(|error| format!("{path}: {error}"))
}

fn member<T: AutoSerialize + Copy>(out: impl Write, array: &ArrayD<T>) -> io::Result<()> {
    let shape: Vec<u64> = array.shape().iter().map(|length| *length as u64).collect();
    let mut writer =
        WriteOptions::new().default_dtype().shape(&shape).writer(BufWriter::new(out)).begin_nd()?;
    writer.extend(array.iter().copied())?;
    writer.finish()
}
