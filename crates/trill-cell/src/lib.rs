//! What a task is to the leaves it awaits: header, budget, what it waits for, observers
