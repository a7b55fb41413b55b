//! Accounts that are connected with their own AppSecret, against the simulated platform on simulated time.

mod doors;
mod tokens;
mod world;
