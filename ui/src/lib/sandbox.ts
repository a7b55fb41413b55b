/** Between the operator's data and the sandbox's. Invariant: nothing of the one before stays on screen. */
import { useHost, type AppInfo } from "@/host";
import { forgetEverything } from "./queries";
import { chooseScope } from "./settings";

async function forget(info: AppInfo): Promise<AppInfo> {
  chooseScope("");
  await forgetEverything();
  return info;
}

export const enterSandbox = async (): Promise<AppInfo> => forget(await useHost().call("enter_sandbox", {}));

export const leaveSandbox = async (): Promise<AppInfo> => forget(await useHost().call("leave_sandbox", {}));

/** Leaving stops it; its start makes its platform again. */
export async function restartSandbox(): Promise<AppInfo> {
  await useHost().call("leave_sandbox", {});
  try {
    return await forget(await useHost().call("enter_sandbox", {}));
  } catch (thrown) {
    // It has been left by now, and the pages must show where we are.
    chooseScope("");
    await forgetEverything();
    throw thrown;
  }
}
