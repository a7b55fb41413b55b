/** Pushes as a file: the current filter, or one of them. */
import { ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useHost, type InboxQuery, type PushExportFormat } from "@/host";
import { count } from "@/lib/format";
import { saveText } from "@/lib/save";
import { toast, toastError } from "@/lib/toast";
import type { Choice } from "@/shell/MenuPopup.vue";

export const exportFormats = (t: (key: string) => string): Choice<PushExportFormat>[] => (["csv", "json", "xml"] as const).map((value) => ({ value, label: value.toUpperCase(), note: t(`inbox.export_${value}`) }));

/** A query that only this push fits. */
export const onlyPush = (id: number): InboxQuery => ({ after: id - 1, before: id + 1 });

export function useExport(): { saving: Ref<boolean>; save: (query: InboxQuery, format: PushExportFormat) => Promise<void> } {
  const { t } = useI18n();
  const saving = ref(false);
  async function save(query: InboxQuery, format: PushExportFormat): Promise<void> {
    if (saving.value) return;
    saving.value = true;
    try {
      const file = await useHost().call("export_pushes", { query, format });
      const path = await saveText(file);
      if (path) toast("ok", t(file.truncated ? "calls.exported_part" : "calls.exported", { n: count(file.rows), path }, file.rows));
    } catch (thrown) {
      toastError(thrown);
    } finally {
      saving.value = false;
    }
  }
  return { saving, save };
}
