/** One thing that a menu offers. */
export interface MenuItem {
  label: string;
  onselect: () => void;
  disabled?: boolean;
}
