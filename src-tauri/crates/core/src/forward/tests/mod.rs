//! Business servers on real sockets of this machine, asked and told by a real engine.

mod asking;
mod door;
mod restarts;
mod rig;
mod settings;
mod telling;
