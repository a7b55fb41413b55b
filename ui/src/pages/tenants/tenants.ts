/** The rule of a tenant's name, the same as the engine's. Pure. */
import { MAX_NAME, nameLength } from "@/lib/rules";

export type TenantRule = "required" | "long" | "taken";

export function tenantRule(name: string, taken: string[]): TenantRule | null {
  const trimmed = name.trim();
  if (trimmed === "") return "required";
  if (nameLength(trimmed) > MAX_NAME) return "long";
  return taken.includes(trimmed) ? "taken" : null;
}
