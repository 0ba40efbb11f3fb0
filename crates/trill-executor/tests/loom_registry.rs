//! Models of a registry's slot: while a reader looks at a task, its future is not dropped.
#![cfg(loom)]
#![allow(unsafe_code)] // loom's cells are read and written through pointers.

use std::ptr::NonNull;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use trill_executor::model::Slot;

/// Stands for a task's cell: alive until its future is dropped.
struct Cell {
    alive: UnsafeCell<bool>,
}

fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

#[test]
fn a_reader_finds_the_task_alive_or_not_at_all() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let cell = Arc::new(Cell {
            alive: UnsafeCell::new(true),
        });
        slot.fill(NonNull::from(&*cell).cast());
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (slot, cell) = (slot.clone(), cell.clone());
                thread::spawn(move || {
                    slot.look(|found| {
                        assert_eq!(found, NonNull::from(&*cell).cast());
                        // loom reports a write at the same time.
                        cell.alive.with(|alive| {
                            // SAFETY: the slot keeps the writer away; this model is what checks it.
                            assert!(unsafe { *alive });
                        });
                    });
                })
            })
            .collect();
        let writer = thread::spawn(move || {
            slot.clear();
            cell.alive.with_mut(|alive| {
                // SAFETY: no reader holds the slot any more; this model is what checks it.
                unsafe { *alive = false };
            });
            slot.look(|_| panic!("the slot is free"));
        });
        writer.join().unwrap();
        readers.into_iter().for_each(|r| r.join().unwrap());
    });
}

#[test]
fn a_reader_sees_what_was_written_before_the_task_was_entered() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let cell = Arc::new(Cell {
            alive: UnsafeCell::new(false),
        });
        let reader = {
            let (slot, cell) = (slot.clone(), cell.clone());
            thread::spawn(move || {
                slot.look(|_| {
                    cell.alive.with(|alive| {
                        // SAFETY: the writer was done before it filled the slot; this model is what checks it.
                        assert!(unsafe { *alive });
                    });
                });
            })
        };
        let writer = {
            let (slot, cell) = (slot.clone(), cell.clone());
            thread::spawn(move || {
                cell.alive.with_mut(|alive| {
                    // SAFETY: the slot is empty, so nobody looks yet; this model is what checks it.
                    unsafe { *alive = true };
                });
                slot.fill(NonNull::from(&*cell).cast());
            })
        };
        writer.join().unwrap();
        reader.join().unwrap();
        slot.clear();
    });
}
