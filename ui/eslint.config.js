import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

export default [
  { ignores: ["dist/**", "src/host/bindings/**"] },
  ...ts.configs.recommended,
  ...vue.configs["flat/essential"],
  { files: ["**/*.vue"], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      "vue/multi-word-component-names": "off",
      "no-restricted-imports": ["error", { patterns: [{ group: ["@tauri-apps/*"], message: "Only src/host talks to the host." }] }],
    },
  },
  { files: ["src/host/**"], rules: { "no-restricted-imports": "off" } },
];
