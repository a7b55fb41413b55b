/** Whom a user can log in to: accounts that authorized a platform, accounts and website apps with a secret of their own. */
import type { Account, AccountKind, Connection, OwnAccount } from "@/host";

export interface Owner {
  component_appid: string;
  appid: string;
  name: string;
  kind: AccountKind | "website_app";
  connection: Connection;
}

export const ownerOf = (account: Account): Owner => ({ component_appid: account.component_appid, appid: account.appid, name: account.nick_name, kind: account.kind, connection: account.connection });
export const websiteOf = (own: OwnAccount): Owner => ({ component_appid: own.appid, appid: own.appid, name: own.name, kind: "website_app", connection: "own_secret" });
