/** Questions of "Try the API". The change tag `api_trials` is answered in `queries.ts`. */
import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { reactive } from "vue";
import { useHost, type ApiForm, type ApiTrial } from "@/host";
import { keys, type Answer } from "./queries";

/** They are the engine's own and do not change while it runs. */
export const useApiForms = (): Answer<ApiForm[]> => useQuery({ queryKey: ["api-forms"], staleTime: Infinity, queryFn: () => useHost().call("api_forms", {}) });

export const useTrials = (): Answer<ApiTrial[]> => useQuery({ queryKey: [...keys.trials, "list"], placeholderData: keepPreviousData, queryFn: () => useHost().call("list_api_trials", { component_appid: null, appid: null }) });

/** Accounts that a person has agreed to change something of, for as long as this window lives. */
export const agreed = reactive(new Set<string>());
