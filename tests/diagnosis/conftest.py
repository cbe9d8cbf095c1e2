"""The parts that the tests of this room share: `import looking`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
