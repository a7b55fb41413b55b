//! How commands are listed: once, by name, with their arguments.

/// Makes `NAMES` and `run`: name, arguments, call.
macro_rules! table {
    ($($name:literal ($args:ident : $type:ty) => $call:expr;)*) => {
        /// Names of the commands of this table.
        pub(super) const NAMES: &[&str] = &[$($name),*];

        /// Runs a command of this table.
        pub(super) async fn run(core: &Core, name: &str, args: Value) -> Result<Value, AppError> {
            match name {
                $($name => { let $args: $type = parse(args)?; let call = $call; wrap(call(core, $args).await?) })*
                _ => Err(AppError::not_found("command", name)),
            }
        }
    };
}
