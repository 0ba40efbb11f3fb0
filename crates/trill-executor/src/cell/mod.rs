//! What lies in a task's cell: the wrapped future, then its output.

mod body;
mod output;

pub(crate) use body::Body;
pub(crate) use output::Output;

/// The cell's side that queues hold.
pub(crate) type Runnable = async_task::Runnable<crate::home::Home>;

/// The cell's side that awaits the output.
pub(crate) type Handle<T> = async_task::FallibleTask<Output<T>, crate::home::Home>;
