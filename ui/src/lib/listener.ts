/** Opens the public door again, or at another address; tells what stood in the way in words. */
import { useHost } from "@/host";
import { listenFault, offeredAddress } from "./door";
import { errorBody, errorText } from "./errors";
import { keys, queryClient } from "./queries";
import { toast } from "./toast";

type Translate = (key: string, named?: Record<string, unknown>) => string;

/** Answers a free address near the taken one, where the engine named one. Null: it listens, or nothing is free. */
export async function restartListener(t: Translate, locale: string, address: string | null = null): Promise<string | null> {
  try {
    await useHost().call("restart_listener", { address });
    toast("ok", t("need.done.restart_listener"));
    return null;
  } catch (thrown) {
    const body = errorBody(thrown);
    const fault = listenFault(body.message);
    toast("bad", body.code === "unavailable" && fault !== "other" ? t(`door.listen_why.${fault}`) : errorText(thrown, t, locale));
    return body.detail?.offer ?? offeredAddress(body.message);
  } finally {
    void queryClient.invalidateQueries({ queryKey: keys.overview });
    void queryClient.invalidateQueries({ queryKey: keys.app });
  }
}
