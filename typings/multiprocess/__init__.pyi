# multiprocess is published without types. It has the interface of the standard library's multiprocessing.
from multiprocessing import Pipe as Pipe
from multiprocessing import get_context as get_context
from multiprocessing import parent_process as parent_process
