//! Results as one `.npz` file, which is there as a whole or not at all.

use super::outputs::Outputs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Where results go.
pub struct Target {
    path: PathBuf,
    force: bool,
}

impl Target {
    /// A file that is not there yet, or that may be replaced.
    pub fn new(path: &str, force: bool) -> Result<Target, String> {
        let target = Target { path: PathBuf::from(path), force };
        match std::fs::metadata(path) {
            Err(_) => Ok(target),
            Ok(about) if !about.is_file() => Err(format!("{path}: there, and not a file")),
            Ok(_) if !force => Err(format!("{path}: the file exists; --force replaces it")),
            // What a link points to is replaced, not the link.
            Ok(_) => match std::fs::canonicalize(path) {
                Ok(path) => Ok(Target { path, force }),
                Err(error) => Err(format!("{path}: {error}")),
            },
        }
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// Writes arrays by name; `numpy.load` reads them. They get the name of the file when all of them are written.
    pub fn write(&self, outputs: &mut Outputs) -> Result<(), String> {
        let named = |error: io::Error| format!("{}: {error}", self.path.display());
        let mut written = || -> io::Result<NamedTempFile> {
            let mut file = self.temporary()?;
            let mut out = ZipWriter::new(BufWriter::new(file.as_file_mut()));
            // Sizes beyond 4 GiB need a wider head, which is written first.
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
            for (name, output) in outputs.results() {
                out.start_file(format!("{name}.npy"), options)?;
                output.write(&mut out)?;
            }
            out.finish()?.flush()?;
            Ok(file)
        };
        let file = written().map_err(named)?;
        let kept = if self.force { file.persist(&self.path) } else { file.persist_noclobber(&self.path) };
        kept.map(drop).map_err(|error| named(error.error))
    }

    /// A file beside the one that it becomes, with the permissions that new files have.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".lossdef-").suffix(".npz");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(self.folder())
    }
}
