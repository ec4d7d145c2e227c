import { contextBridge, ipcRenderer, webUtils } from 'electron';

/**
 * The whole of what a page gets from Electron: its port to the host, and the path of a file that the
 * user dropped or chose. The port is handed over by `window.postMessage`, because ports do not cross
 * the context bridge.
 */
const HOST_PORT_CHANNEL = 'tidemark:host-port';

ipcRenderer.on(HOST_PORT_CHANNEL, (event) => {
  window.postMessage({ kind: HOST_PORT_CHANNEL }, window.location.origin, [...event.ports]);
});

contextBridge.exposeInMainWorld('tidemarkShell', {
  pathOf: (file: File): string => webUtils.getPathForFile(file),
});
