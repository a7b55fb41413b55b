/** WeChat's test accounts of the release check. They are the same for every platform, and public. */
export interface TestAccounts {
  set: number;
  official: { appid: string; user: string };
  mini: { appid: string; user: string };
}
export const TEST_ACCOUNTS: readonly TestAccounts[] = [
  { set: 1, official: { appid: "wx570bc396a51b8ff8", user: "gh_3c884a361561" }, mini: { appid: "wxd101a85aa106f53e", user: "gh_8dad206e9538" } },
  { set: 2, official: { appid: "wx9252c5e0bb1836fc", user: "gh_c0f28a78b318" }, mini: { appid: "wxc39235c15087f6f3", user: "gh_905ae9d01059" } },
  { set: 3, official: { appid: "wx8e1097c5bc82cde9", user: "gh_3f222ed8d140" }, mini: { appid: "wx7720d01d4b2a4500", user: "gh_393666f1fdf4" } },
  { set: 4, official: { appid: "wx14550af28c71a144", user: "gh_26128078e9ab" }, mini: { appid: "wx05d483572dcd5d8b", user: "gh_39abb5d4e1b7" } },
  { set: 5, official: { appid: "wxa35b9c23cfe664eb", user: "gh_2b3713f184a6" }, mini: { appid: "wx5910277cae6fd970", user: "gh_7818dcb60240" } },
];
