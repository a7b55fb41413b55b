//! `wxdeskd sandbox`: the simulated platform alone, for any SDK.

use wxdesk_sandbox::door::{self, DoorOptions};

use crate::args::Sandbox;
use crate::failure::Failure;
use crate::print;
use crate::stop::Signals;

pub async fn run(args: Sandbox) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let door = door::serve(DoorOptions {
        listen: args.listen,
        seed: args.seed,
        push_base: args.push_base,
        ..DoorOptions::default()
    })
    .await
    .map_err(|e| Failure::environment(format!("the simulated platform could not start: {e}")))?;
    print::line(&format!("sandbox on {}", door.base_url()));
    // Made-up credentials of a made-up platform: whoever tests against it needs them.
    print::json(&door.platform_json());
    signals.wait().await;
    let violations = door.violations();
    door.stop().await;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("the client under test did what must never happen:\n{}", violations.join("\n"))))
}
