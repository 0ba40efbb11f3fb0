//! The door between a program and the outside: clock, randomness, thread start and waiting
