/** Opens the public door again, or at another address; tells what stood in the way in words. */
import { useHost } from "@/host";
import { listenFault, offeredAddress } from "./door";
import { errorBody } from "./errors";
import { keys, queryClient } from "./queries";
import { toast, toastError } from "./toast";

type Translate = (key: string, named?: Record<string, unknown>) => string;

/** Answers a free address near the taken one, where the engine named one. Null: it listens, or nothing is free. */
export async function restartListener(t: Translate, address: string | null = null): Promise<string | null> {
  try {
    await useHost().call("restart_listener", { address });
    toast("ok", t("need.done.restart_listener"));
    return null;
  } catch (thrown) {
    const body = errorBody(thrown);
    const fault = listenFault(body.message);
    if (body.code === "unavailable" && fault !== "other") toast("bad", t(`door.listen_why.${fault}`));
    else toastError(thrown);
    return body.detail?.offer ?? offeredAddress(body.message);
  } finally {
    void queryClient.invalidateQueries({ queryKey: keys.overview });
    void queryClient.invalidateQueries({ queryKey: keys.app });
  }
}
