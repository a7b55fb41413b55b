/** What goes from one room of menus to the next: ticked accounts, a template that is not saved yet. Lives as long as the window. */
import { shallowRef } from "vue";
import type { Account, MenuTemplate } from "@/host";

export const chosenAccounts = shallowRef<Account[]>([]);
export const startedTemplate = shallowRef<MenuTemplate | null>(null);
