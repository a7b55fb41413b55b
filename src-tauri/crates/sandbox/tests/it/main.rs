//! The simulated platform as its users see it.

mod calls;
mod determinism;
mod door;
mod faults;
mod pages;
mod pump;
mod pushes;
mod rig;
mod transport;
mod violations;
