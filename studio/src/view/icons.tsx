import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor">
      {children}
    </svg>
  );
}

export const PlayIcon = () => (
  <Icon>
    <path d="M8 5.5v13l10.5-6.5z" fill="currentColor" stroke-linejoin="round" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon>
    <path d="M8.5 6v12M15.5 6v12" stroke-width="3" />
  </Icon>
);
export const FolderIcon = () => (
  <Icon>
    <path d="M12 16V5m-4 4 4-4 4 4M5 15v4h14v-4" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);
export const SaveIcon = () => (
  <Icon>
    <path d="M12 5v11m-4-4 4 4 4-4M5 19h14" />
  </Icon>
);
export const GlowIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="3.5" fill="currentColor" />
    <path d="M12 3v2.5M12 18.5V21M3 12h2.5M18.5 12H21M5.6 5.6l1.8 1.8M16.6 16.6l1.8 1.8M5.6 18.4l1.8-1.8M16.6 7.4l1.8-1.8" />
  </Icon>
);
export const LockIcon = () => (
  <Icon>
    <path d="M7 11V8a5 5 0 0 1 10 0v3M6 11h12v8.5H6z" stroke-linejoin="round" />
  </Icon>
);

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#171226" />
      <g stroke-width="3.2" stroke-linecap="round">
        <path d="M7 13.5v5" stroke="#f4521f" />
        <path d="M13 8.5v15" stroke="#ffe27a" />
        <path d="M19 11v10" stroke="#dda3d9" />
        <path d="M25 14v4" stroke="#5a86ff" />
      </g>
    </svg>
  );
}
