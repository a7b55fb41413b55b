//! The command line of `wxdesk`.
//!
//! Owns parsing only. Secrets never come in here: arguments are visible to every process of the machine.

use std::path::PathBuf;

use clap::Parser;

/// What the program was started with.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "wxdesk", version, about = "Desktop console for WeChat Open Platform third-party platforms")]
pub struct Args {
    /// Folder that holds the store [default: $WXDESK_DATA_DIR, else the system's place for application data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Start in the built-in sandbox, in a data folder of its own (DIR/sandbox)
    #[arg(long)]
    pub sandbox: bool,
}

impl Args {
    /// The data folder: the argument, else what the engine uses by default.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(wxdesk_core::paths::default_data_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_sandbox_are_taken_from_the_command_line() {
        let args = Args::try_parse_from(["wxdesk", "--data-dir", "/tmp/a folder", "--sandbox"]).unwrap();
        assert_eq!(args.folder(), PathBuf::from("/tmp/a folder"));
        assert!(args.sandbox);
    }

    #[test]
    fn an_unknown_argument_is_refused() {
        assert!(Args::try_parse_from(["wxdesk", "--secret", "x"]).is_err());
    }
}
