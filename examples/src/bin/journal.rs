//! A journal on disk: many tasks append, one sync makes the records of all of them safe, and what is old is let go of.
//!
//! Shows: `write_all` and `sync_data` by one task that takes what has come meanwhile (group commit), `read_at` by many
//! tasks at once without a lock around the file, and `rename` for a file that is there whole or not at all.

use std::io;
use std::path::Path;
use std::sync::Arc;

use trill::channel::{Receiver, Sender, bounded, oneshot};
use trill::fs::{self, File, OpenOptions};
use trill_examples::{Checksum, Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

/// A record that waits, and whom to tell where it lies once it is safe.
type Order = (Vec<u8>, oneshot::Sender<io::Result<u64>>);

async fn run() -> io::Result<Vec<Row>> {
    let writers = scale(200, 20);
    let each = scale(50, 5);
    let path = std::env::temp_dir().join(format!("trill-journal-{}", std::process::id()));

    let (orders, incoming) = bounded(1024);
    let start = trill::time::now();
    let keeper = trill::spawn(keep(path.clone(), incoming));
    let tasks: Vec<_> = (0..writers)
        .map(|writer| trill::spawn(append(orders.clone(), writer, each)))
        .collect();
    drop(orders);
    let mut places = Vec::new();
    for task in tasks {
        places.extend(task.await?);
    }
    let syncs = keeper.await?;
    let took = trill::time::now() - start;

    // Any number of tasks may read one file: each says where.
    let journal = Arc::new(File::open(&path).await?);
    let checks: Vec<_> = places
        .iter()
        .map(|&(place, checksum)| trill::spawn(check(journal.clone(), place, checksum)))
        .collect();
    for check in checks {
        check.await?;
    }

    let kept = compact(&path, &journal, &places).await?;
    let size = fs::metadata(&path).await?.len();
    fs::remove_file(&path).await?;
    let records = writers * each;
    Ok(vec![
        Row::new(
            "append",
            format!("{records} records of {writers} tasks"),
            format!("{syncs} syncs in {took:.1?}"),
        ),
        Row::new(
            "read",
            format!("{records} at their places"),
            "all as written",
        ),
        Row::new("compact", format!("{kept} kept"), format!("{size} bytes")),
    ])
}

/// Appends records one after another; each is safe before the next one is made.
async fn append(orders: Sender<Order>, writer: usize, each: usize) -> io::Result<Vec<(u64, u64)>> {
    let mut places = Vec::new();
    for number in 0..each {
        let text = format!("record {number} of writer {writer} ").repeat(1 + number % 7);
        let checksum = Checksum::of(text.as_bytes()).value();
        let (done, safe) = oneshot::channel();
        let order = orders.send((text.into_bytes(), done)).await;
        order.map_err(|_| io::Error::other("the journal is closed"))?;
        let place = safe
            .await
            .map_err(|_| io::Error::other("the journal has failed"))??;
        places.push((place, checksum));
    }
    Ok(places)
}

/// Writes what has come, syncs once, tells all, until nobody is left; returns how often it has synced.
async fn keep(path: std::path::PathBuf, incoming: Receiver<Order>) -> io::Result<usize> {
    let mut journal = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .await?;
    let (mut end, mut syncs) = (0, 0);
    while let Ok(first) = incoming.recv().await {
        let mut batch = vec![first];
        while let Ok(more) = incoming.try_recv() {
            batch.push(more);
        }
        let mut safe = Vec::new();
        for (record, done) in batch {
            let len = (record.len() as u32).to_le_bytes();
            journal.write_all(&len).await?;
            journal.write_all(&record).await?;
            safe.push((end, done));
            end += (len.len() + record.len()) as u64;
        }
        // Waits for all that was accepted, too.
        let synced = journal.sync_data().await;
        syncs += 1;
        for (place, done) in safe {
            let said = match &synced {
                Ok(()) => Ok(place),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            };
            // Who does not want to know any more may go.
            let _ = done.send(said);
        }
        synced?;
    }
    Ok(syncs)
}

/// Reads the record at a place.
async fn record_at(journal: &File, place: u64) -> io::Result<Vec<u8>> {
    let len = exactly(journal, vec![0; 4], place).await?;
    let len = len.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?;
    exactly(
        journal,
        vec![0; u32::from_le_bytes(len) as usize],
        place + 4,
    )
    .await
}

/// Fills a buffer, which a single read need not do.
async fn exactly(file: &File, mut buffer: Vec<u8>, at: u64) -> io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(buffer.len());
    while !buffer.is_empty() {
        let (count, read) = file.read_at(buffer, at + found.len() as u64).await;
        let count = count?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        found.extend_from_slice(&read[..count]);
        buffer = read;
        buffer.drain(..count);
    }
    Ok(found)
}

async fn check(journal: Arc<File>, place: u64, checksum: u64) -> io::Result<()> {
    let record = record_at(&journal, place).await?;
    if Checksum::of(&record).value() != checksum {
        return Err(io::Error::other(format!(
            "the record at {place} is another"
        )));
    }
    Ok(())
}

/// Keeps every tenth record, in a new file that takes the place of the old one when it is whole and on disk.
async fn compact(path: &Path, journal: &File, places: &[(u64, u64)]) -> io::Result<usize> {
    let next = path.with_extension("next");
    let mut file = File::create(&next).await?;
    let mut kept = 0;
    for (place, _) in places.iter().step_by(10) {
        let record = record_at(journal, *place).await?;
        file.write_all(&(record.len() as u32).to_le_bytes()).await?;
        file.write_all(&record).await?;
        kept += 1;
    }
    file.sync_all().await?;
    fs::rename(&next, path).await?;
    Ok(kept)
}
