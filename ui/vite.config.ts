/// <reference types="vitest/config" />
import { fileURLToPath, URL } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The window's CSP has no `unsafe-eval`: messages are interpreted, never turned into functions.
  define: {
    __INTLIFY_JIT_COMPILATION__: "true",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
  },
  // Relative, so that the same build is served by the window's asset protocol and by wxdeskd.
  base: "./",
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  build: {
    // WebKitGTK of Debian 12 is about Safari 16; macOS 12 still ships 15.
    target: "safari15",
    cssTarget: "safari15",
    // Small pictures as data: URLs would need no CSP exception, but fonts and scripts must stay files.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        // What changes with our own code, and what only with a new version of somebody else's, in files of their own.
        manualChunks: (id) => {
          if (!id.includes("node_modules")) return undefined;
          if (/node_modules\/(@vue|vue|vue-router|@tanstack)\//.test(id)) return "vue";
          if (/node_modules\/(@intlify|vue-i18n)\//.test(id)) return "i18n";
          return undefined;
        },
      },
    },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
