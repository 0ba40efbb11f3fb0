//! The attributes main and test of trill
