/** The pages: `web/` to `dist/web`. Run by `npm run build`. */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { localAnalysis } from './scripts/local-analysis.ts';
import { explorerCss } from './src/report/explorer.ts';
import { css, dark, light } from './src/report/style.ts';

/**
 * The reports' own style sheet as a file, so that pages and reports cannot look different. The switch's palettes follow
 * the system's, and so win over it.
 */
function reportStyle(): Plugin {
  const id = 'virtual:report.css';
  const themes = `:root[data-theme=light]{color-scheme:light;${light}}:root[data-theme=dark]{color-scheme:dark;${dark}}`;
  return {
    name: 'report style',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (resolved) => (resolved === `\0${id}` ? `${css}\n${themes}\n${explorerCss}` : undefined),
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('web', import.meta.url)),
  plugins: [react(), reportStyle(), localAnalysis()],
  build: {
    outDir: fileURLToPath(new URL('dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // The pages' policy allows no `data:` but for pictures.
    assetsInlineLimit: 0,
    // ECharts is loaded when a timeline is.
    chunkSizeWarningLimit: 900,
  },
});
