//! Batches loaded and prepared on the blocking pool while a task computes with those that are ready.
//!
//! Shows: `unblock`, a bounded channel as prefetch, and how waiting and computing overlap.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use trill::channel;
use trill_examples::{Bar, Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&run()?);
    Ok(())
}

/// Trains on a file of samples, once without and once with overlap.
pub(crate) fn run() -> io::Result<Vec<Row>> {
    let batches = scale(48, 4);
    let data = DataFile::new(batches)?;
    trill::run(async {
        let apart = one_after_another(&data.0, batches).await?;
        let together = overlapped(&data.0, batches).await?;
        if apart.result != together.result {
            return Err(io::Error::other("both ways must compute the same"));
        }
        let sum = together.loading + together.computing;
        Ok(vec![
            Row::new(
                "batches",
                format!("{batches} one after another"),
                format!("{:.2?}", apart.took),
            ),
            Row::new(
                "batches",
                format!("{batches} loaded while computing"),
                format!(
                    "{:.2?}: loading {:.2?} + computing {:.2?} = {sum:.2?}; same result",
                    together.took, together.loading, together.computing
                ),
            ),
        ])
    })
}

/// What a pass over the data took and gave.
struct Pass {
    took: Duration,
    loading: Duration,
    computing: Duration,
    result: f64,
}

/// Loads a batch, computes with it, loads the next.
async fn one_after_another(path: &Path, batches: u64) -> io::Result<Pass> {
    let start = trill::time::now();
    let mut pass = Pass {
        took: Duration::ZERO,
        loading: Duration::ZERO,
        computing: Duration::ZERO,
        result: 0.0,
    };
    let mut bar = Bar::new("one after another", batches);
    for number in 0..batches {
        let path = path.to_owned();
        let (batch, loading) = trill::unblock(move || timed(|| load(&path, number))).await;
        let batch = batch?;
        let (value, computing) = timed(|| compute(&batch));
        pass.loading += loading;
        pass.computing += computing;
        pass.result += value;
        bar.add(1);
    }
    bar.finish();
    pass.took = trill::time::now() - start;
    Ok(pass)
}

/// Loads the next batches while computing with the last one.
async fn overlapped(path: &Path, batches: u64) -> io::Result<Pass> {
    let start = trill::time::now();
    let mut pass = Pass {
        took: Duration::ZERO,
        loading: Duration::ZERO,
        computing: Duration::ZERO,
        result: 0.0,
    };
    let mut bar = Bar::new("loaded while computing", batches);
    // Two batches wait at most: loading runs ahead of computing, but not out of memory.
    let (sender, receiver) = channel::bounded(2);
    let path = path.to_owned();
    let loader = trill::spawn(async move {
        for number in 0..batches {
            let path = path.clone();
            let loaded = trill::unblock(move || timed(|| load(&path, number))).await;
            if sender.send(loaded).await.is_err() {
                break;
            }
        }
    });
    while let Ok((batch, loading)) = receiver.recv().await {
        let batch = batch?;
        let (value, computing) = timed(|| compute(&batch));
        pass.loading += loading;
        pass.computing += computing;
        pass.result += value;
        bar.add(1);
    }
    loader.await;
    bar.finish();
    pass.took = trill::time::now() - start;
    Ok(pass)
}

/// Reads a batch from the file and scales its samples to a mean of 0 and a deviation of 1.
fn load(path: &Path, number: u64) -> io::Result<Vec<f32>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(number * BATCH_BYTES as u64))?;
    let mut bytes = vec![0; BATCH_BYTES];
    file.read_exact(&mut bytes)?;
    let mut samples: Vec<f32> = bytes
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    for _ in 0..PREPARE_PASSES {
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        let variance = samples
            .iter()
            .map(|sample| (sample - mean).powi(2))
            .sum::<f32>()
            / samples.len() as f32;
        let scale = 1.0 / variance.sqrt().max(f32::EPSILON);
        samples
            .iter_mut()
            .for_each(|sample| *sample = (*sample - mean) * scale);
    }
    Ok(samples)
}

/// Computes something that takes about as long as loading.
fn compute(samples: &[f32]) -> f64 {
    let mut state = [0.0_f64; 8];
    for _ in 0..COMPUTE_PASSES {
        for chunk in samples.chunks_exact(8) {
            for (state, sample) in state.iter_mut().zip(chunk) {
                *state = *state * 0.999 + f64::from(*sample).tanh();
            }
        }
    }
    state.iter().sum()
}

/// Runs `work` and says how long it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start: Instant = trill::time::now();
    let output = work();
    (output, trill::time::now() - start)
}

/// A temporary file of samples.
struct DataFile(PathBuf);

impl DataFile {
    fn new(batches: u64) -> io::Result<DataFile> {
        let name = format!(
            "trill-batches-{}-{}",
            std::process::id(),
            trill::world::random("batches.file")
        );
        let path = std::env::temp_dir().join(name);
        let mut file = std::io::BufWriter::new(std::fs::File::create_new(&path)?);
        let data = DataFile(path);
        let mut state = 1_u32;
        for _ in 0..batches * BATCH_BYTES as u64 / 4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            file.write_all(&state.to_le_bytes())?;
        }
        file.flush()?;
        Ok(data)
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Half a million samples of two bytes.
const BATCH_BYTES: usize = 1 << 20;

/// Repeats that make preparing as heavy as it is for real data.
const PREPARE_PASSES: u32 = 8;

/// Repeats that make computing about as long as loading.
const COMPUTE_PASSES: u32 = 1;
