//! Nothing is lost, and nothing comes twice: members write and read while something happens to the
//! daemon or to its disk, and the checker holds what they saw against what is there in the end.

mod backup;
mod clock;
mod crowd;
mod disk;
mod kills;
mod line_reader;
mod log;
mod member;
mod planted;
mod put_out;
mod stops;
mod wire;
